CREATE TABLE "session_ends" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid,
	"opened_below" integer,
	"id_below" uuid,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"end_reason" text NOT NULL,
	"actor_id" uuid,
	"marked_until" uuid,
	"walks" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "session_ends_end_reason" CHECK ("session_ends"."end_reason" in ('LOGOUT', 'LOGOUT_ALL', 'REVOKED_BY_USER', 'REVOKED_BY_ADMIN', 'REUSE_DETECTED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'ADDRESS_PROVEN', 'EMAIL_CHANGE_UNDONE', 'ACCOUNT_DELETED', 'USER_DISABLED', 'TOO_MANY_SESSIONS', 'EXPIRED')),
	CONSTRAINT "session_ends_whose" CHECK (("session_ends"."user_id" is null) = ("session_ends"."opened_below" is null) and ("session_ends"."user_id" is null) = ("session_ends"."id_below" is not null))
);
--> statement-breakpoint
DROP INDEX "sessions_user_id";--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "opened_version" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "session_ends" ADD CONSTRAINT "session_ends_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "session_ends_user_id" ON "session_ends" USING btree ("user_id","opened_below");--> statement-breakpoint
CREATE INDEX "session_ends_everybody" ON "session_ends" USING btree ("id_below") WHERE "session_ends"."user_id" is null;--> statement-breakpoint
CREATE INDEX "sessions_of_user" ON "sessions" USING btree ("user_id","ended_at","opened_version","id");--> statement-breakpoint
-- Whatever an operator has written by hand: it would be no answer to a client.
UPDATE "sessions" SET "end_reason" = 'REVOKED_BY_ADMIN' WHERE "end_reason" NOT IN ('LOGOUT', 'LOGOUT_ALL', 'REVOKED_BY_USER', 'REVOKED_BY_ADMIN', 'REUSE_DETECTED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'ADDRESS_PROVEN', 'EMAIL_CHANGE_UNDONE', 'ACCOUNT_DELETED', 'USER_DISABLED', 'TOO_MANY_SESSIONS', 'EXPIRED');--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_end_reason" CHECK ("sessions"."end_reason" in ('LOGOUT', 'LOGOUT_ALL', 'REVOKED_BY_USER', 'REVOKED_BY_ADMIN', 'REUSE_DETECTED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'ADDRESS_PROVEN', 'EMAIL_CHANGE_UNDONE', 'ACCOUNT_DELETED', 'USER_DISABLED', 'TOO_MANY_SESSIONS', 'EXPIRED'));
--> statement-breakpoint
-- Whether a user has fewer than so many sessions that are not marked as ended. A function, because it is asked once the user's row is
-- locked, and a statement by itself judges by a snapshot from before.
CREATE FUNCTION "has_room_for_session" ("owner" uuid, "maximum" integer)
RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
	RETURN (SELECT count(*) FROM (SELECT FROM sessions WHERE user_id = owner AND ended_at IS NULL LIMIT maximum) AS open) < maximum;
END
$$;
