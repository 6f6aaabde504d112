CREATE TABLE "auth"."email_addresses" (
	"email_key" text PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"state" text NOT NULL,
	"until" timestamp (3) with time zone,
	CONSTRAINT "email_addresses_state" CHECK ("auth"."email_addresses"."state" in ('ACCOUNT', 'RESERVED') and ("auth"."email_addresses"."state" = 'RESERVED') = ("auth"."email_addresses"."until" is not null))
);
--> statement-breakpoint
-- Nobody registers or changes an address meanwhile, else its row would be missing; everybody may read.
LOCK TABLE "auth"."users", "auth"."one_time_tokens" IN SHARE ROW EXCLUSIVE MODE;--> statement-breakpoint
INSERT INTO "auth"."email_addresses" ("email_key", "user_id", "state")
SELECT "email_key", "id", 'ACCOUNT' FROM "auth"."users" WHERE "email_key" NOT LIKE 'erased %';--> statement-breakpoint
-- What an account can go back to, and, where two of before can, by whoever can for longer.
INSERT INTO "auth"."email_addresses" ("email_key", "user_id", "state", "until")
SELECT DISTINCT ON ("email_key") "email_key", "user_id", 'RESERVED', "expires_at" FROM "auth"."one_time_tokens"
WHERE "purpose" = 'UNDO_EMAIL_CHANGE' AND "email_key" IS NOT NULL AND "user_id" IS NOT NULL
ORDER BY "email_key", "expires_at" DESC
ON CONFLICT DO NOTHING;--> statement-breakpoint
CREATE INDEX "email_addresses_user" ON "auth"."email_addresses" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "email_addresses_until" ON "auth"."email_addresses" USING btree ("until") WHERE "auth"."email_addresses"."state" = 'RESERVED';--> statement-breakpoint
-- Last of all, since from here on nobody reads users either until the commit.
ALTER TABLE "auth"."users" DROP CONSTRAINT "users_email_key_unique";