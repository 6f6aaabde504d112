CREATE TABLE "auth"."account_erasures" (
	"user_id" uuid PRIMARY KEY NOT NULL,
	"pseudonym" uuid NOT NULL,
	"session_secret" "bytea" NOT NULL,
	"begun_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "auth"."account_erasures" ADD CONSTRAINT "account_erasures_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "auth"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
-- In byte order, so that the index of prefixes finds them: nobody writes users meanwhile.
-- Erasures that have begun stood in their user's row: the pseudonym and the secret in place of the password.
INSERT INTO "auth"."account_erasures" ("user_id", "pseudonym", "session_secret", "begun_at")
SELECT "id", split_part(substr("password_hash", 2), ' ', 1)::uuid, decode(split_part("password_hash", ' ', 2), 'hex'), "erasure_at"
FROM "auth"."users" WHERE "email_key" COLLATE "C" LIKE 'erased %';--> statement-breakpoint
UPDATE "auth"."users" SET "password_hash" = '!' WHERE "email_key" COLLATE "C" LIKE 'erased %';
