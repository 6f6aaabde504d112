CREATE TABLE "known_devices" (
	"user_id" uuid NOT NULL,
	"fingerprint" "bytea" NOT NULL,
	"first_seen_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "known_devices_user_id_fingerprint_pk" PRIMARY KEY("user_id","fingerprint")
);
--> statement-breakpoint
CREATE TABLE "one_time_tokens" (
	"id" uuid PRIMARY KEY NOT NULL,
	"purpose" text NOT NULL,
	"subject" uuid NOT NULL,
	"user_id" uuid,
	"email" text,
	"email_key" text,
	"token_hash" "bytea" NOT NULL,
	"code_hash" "bytea",
	"code_tries" integer DEFAULT 0 NOT NULL,
	"bound_to" "bytea",
	"is_contested" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "one_time_tokens_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" uuid PRIMARY KEY NOT NULL,
	"channel" text NOT NULL,
	"topic" text NOT NULL,
	"user_id" uuid,
	"encrypted_payload" "bytea",
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"state" text DEFAULT 'PENDING' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"problem" text
);
--> statement-breakpoint
CREATE TABLE "user_imports" (
	"file_hash" text PRIMARY KEY NOT NULL,
	"last_line" integer NOT NULL,
	"imported" integer NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "erasure_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "known_devices" ADD CONSTRAINT "known_devices_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "one_time_tokens" ADD CONSTRAINT "one_time_tokens_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "known_devices_first_seen" ON "known_devices" USING btree ("first_seen_at");--> statement-breakpoint
CREATE UNIQUE INDEX "one_time_tokens_subject" ON "one_time_tokens" USING btree ("purpose","subject") WHERE "one_time_tokens"."purpose" <> 'UNDO_EMAIL_CHANGE';--> statement-breakpoint
CREATE INDEX "one_time_tokens_reserved" ON "one_time_tokens" USING btree ("email_key") WHERE "one_time_tokens"."purpose" = 'UNDO_EMAIL_CHANGE';--> statement-breakpoint
CREATE INDEX "one_time_tokens_user" ON "one_time_tokens" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "one_time_tokens_expires_at" ON "one_time_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "outbox_due" ON "outbox" USING btree ("next_attempt_at") WHERE "outbox"."state" = 'PENDING';--> statement-breakpoint
CREATE INDEX "outbox_finished" ON "outbox" USING btree ("finished_at") WHERE "outbox"."state" <> 'PENDING';--> statement-breakpoint
CREATE INDEX "outbox_user" ON "outbox" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "users_erasure_at" ON "users" USING btree ("erasure_at") WHERE "users"."erasure_at" is not null;