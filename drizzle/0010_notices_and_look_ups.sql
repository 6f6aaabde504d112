CREATE TABLE "recent_notices" (
	"user_id" uuid NOT NULL,
	"topic" text NOT NULL,
	"told_at" timestamp (3) with time zone[] NOT NULL,
	"last_told_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "recent_notices_user_id_topic_pk" PRIMARY KEY("user_id","topic")
);
--> statement-breakpoint
DROP INDEX "outbox_due";--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "awaited" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "recent_notices" ADD CONSTRAINT "recent_notices_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "recent_notices_last" ON "recent_notices" USING btree ("last_told_at");--> statement-breakpoint
CREATE INDEX "audit_events_address" ON "audit_events" USING btree ("ip_address","id") WHERE "audit_events"."type" not in ('TOKEN_REFRESHED', 'REFRESH_REPLAYED');--> statement-breakpoint
CREATE INDEX "outbox_queues" ON "outbox" USING btree ("channel","awaited","next_attempt_at") WHERE "outbox"."state" = 'PENDING';--> statement-breakpoint
CREATE INDEX "users_email_domain" ON "users" USING btree (split_part("email_key", '@', 2) collate "C","email_key" collate "C");