-- The indexes of both large tables have been built before: each takes the place of its key in a moment.
ALTER TABLE "auth"."sessions" DROP CONSTRAINT "sessions_pkey", ADD CONSTRAINT "sessions_user_id_id_pk" PRIMARY KEY USING INDEX "sessions_user_id_id_pk";--> statement-breakpoint
-- The constraint that was validated before spares looking at every entry again.
ALTER TABLE "auth"."audit_events" ALTER COLUMN "user_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "auth"."audit_events" DROP CONSTRAINT "audit_events_user_id", DROP CONSTRAINT "audit_events_pkey", ADD CONSTRAINT "audit_events_user_id_id_pk" PRIMARY KEY USING INDEX "audit_events_user_id_id_pk";--> statement-breakpoint
-- As it was, entries of before excepted.
ALTER TABLE "auth"."audit_events" ADD CONSTRAINT "audit_events_type_known" CHECK ("auth"."audit_events"."type" in ('REGISTERED', 'LOGIN_SUCCEEDED', 'LOGIN_FAILED', 'LOGOUT', 'TOKEN_REFRESHED', 'REFRESH_REPLAYED', 'REFRESH_REUSED', 'SESSION_REVOKED', 'PASSWORD_CHANGED', 'EMAIL_VERIFICATION_REQUESTED', 'EMAIL_VERIFIED', 'PASSWORD_RESET_REQUESTED', 'PASSWORD_RESET', 'EMAIL_CHANGE_REQUESTED', 'EMAIL_CHANGED', 'EMAIL_CHANGE_UNDONE', 'ACCOUNT_DELETION_REQUESTED', 'ACCOUNT_RESTORED', 'ACCOUNT_ERASED', 'ACCOUNT_EXPORTED', 'ROLES_CHANGED', 'USER_DISABLED', 'USER_ENABLED', 'USER_UNLOCKED', 'FORCED_LOGOUT', 'RATE_LIMITED', 'SIGNING_KEY_ROTATED')) NOT VALID;--> statement-breakpoint
CREATE TABLE "auth"."session_ends_of_everybody" (
	"id" uuid PRIMARY KEY NOT NULL,
	"id_below" uuid NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"end_reason" text NOT NULL,
	"actor_id" uuid,
	"marked_until" uuid,
	"walks" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "session_ends_of_everybody_end_reason" CHECK ("auth"."session_ends_of_everybody"."end_reason" in ('LOGOUT', 'LOGOUT_ALL', 'REVOKED_BY_USER', 'REVOKED_BY_ADMIN', 'REUSE_DETECTED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'ADDRESS_PROVEN', 'EMAIL_CHANGE_UNDONE', 'ACCOUNT_DELETED', 'USER_DISABLED', 'TOO_MANY_SESSIONS', 'EXPIRED'))
);
--> statement-breakpoint
INSERT INTO "auth"."session_ends_of_everybody" ("id", "id_below", "ended_at", "end_reason", "actor_id", "marked_until", "walks")
SELECT "id", "id_below", "ended_at", "end_reason", "actor_id", "marked_until", "walks" FROM "auth"."session_ends" WHERE "user_id" IS NULL;--> statement-breakpoint
DELETE FROM "auth"."session_ends" WHERE "user_id" IS NULL;--> statement-breakpoint
CREATE INDEX "session_ends_of_everybody_id_below" ON "auth"."session_ends_of_everybody" USING btree ("id_below");--> statement-breakpoint
ALTER TABLE "auth"."session_ends" DROP CONSTRAINT "session_ends_whose", DROP CONSTRAINT "session_ends_pkey";--> statement-breakpoint
ALTER TABLE "auth"."session_ends" DROP COLUMN "id_below", DROP COLUMN "marked_until", DROP COLUMN "walks", ALTER COLUMN "user_id" SET NOT NULL, ALTER COLUMN "opened_below" SET NOT NULL, ADD CONSTRAINT "session_ends_user_id_id_pk" PRIMARY KEY("user_id","id");--> statement-breakpoint
-- Live for a few days at most, so they are few. What stood for the user of an address without account takes the user's place.
ALTER TABLE "auth"."one_time_tokens" DROP CONSTRAINT "one_time_tokens_user_id_users_id_fk", DROP CONSTRAINT "one_time_tokens_token_hash_unique", DROP CONSTRAINT "one_time_tokens_pkey", ADD COLUMN "has_account" boolean;--> statement-breakpoint
UPDATE "auth"."one_time_tokens" SET "has_account" = "user_id" IS NOT NULL, "user_id" = "subject";--> statement-breakpoint
ALTER TABLE "auth"."one_time_tokens" DROP COLUMN "subject", ALTER COLUMN "has_account" SET NOT NULL, ALTER COLUMN "user_id" SET NOT NULL, ADD CONSTRAINT "one_time_tokens_user_id_id_pk" PRIMARY KEY("user_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "one_time_tokens_purpose" ON "auth"."one_time_tokens" USING btree ("user_id","purpose") WHERE "auth"."one_time_tokens"."purpose" <> 'UNDO_EMAIL_CHANGE';--> statement-breakpoint
CREATE INDEX "one_time_tokens_hash" ON "auth"."one_time_tokens" USING btree ("token_hash");
