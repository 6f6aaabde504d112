CREATE TABLE "auth"."session_ends" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid,
	"opened_below" integer,
	"id_below" uuid,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"end_reason" text NOT NULL,
	"actor_id" uuid,
	"marked_until" uuid,
	"walks" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "session_ends_end_reason" CHECK ("auth"."session_ends"."end_reason" in ('LOGOUT', 'LOGOUT_ALL', 'REVOKED_BY_USER', 'REVOKED_BY_ADMIN', 'REUSE_DETECTED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'ADDRESS_PROVEN', 'EMAIL_CHANGE_UNDONE', 'ACCOUNT_DELETED', 'USER_DISABLED', 'TOO_MANY_SESSIONS', 'EXPIRED')),
	CONSTRAINT "session_ends_whose" CHECK (("auth"."session_ends"."user_id" is null) = ("auth"."session_ends"."opened_below" is null) and ("auth"."session_ends"."user_id" is null) = ("auth"."session_ends"."id_below" is not null))
);
--> statement-breakpoint
ALTER TABLE "auth"."sessions" ADD COLUMN "opened_version" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "auth"."session_ends" ADD CONSTRAINT "session_ends_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "auth"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "session_ends_user_id" ON "auth"."session_ends" USING btree ("user_id","opened_below");--> statement-breakpoint
CREATE INDEX "session_ends_everybody" ON "auth"."session_ends" USING btree ("id_below") WHERE "auth"."session_ends"."user_id" is null;--> statement-breakpoint
-- Whether a user has fewer than so many sessions that are not marked as ended. A function, because it is asked once the user's row is
-- locked, and a statement by itself judges by a snapshot from before.
CREATE FUNCTION "auth"."has_room_for_session" ("owner" uuid, "maximum" integer)
RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
	RETURN (SELECT count(*) FROM (SELECT FROM "auth"."sessions" WHERE user_id = owner AND ended_at IS NULL LIMIT maximum) AS open) < maximum;
END
$$;
