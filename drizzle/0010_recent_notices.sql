CREATE TABLE "auth"."recent_notices" (
	"user_id" uuid NOT NULL,
	"topic" text NOT NULL,
	"told_at" timestamp (3) with time zone[] NOT NULL,
	"last_told_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "recent_notices_user_id_topic_pk" PRIMARY KEY("user_id","topic")
);
--> statement-breakpoint
ALTER TABLE "auth"."outbox" ADD COLUMN "awaited" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "auth"."recent_notices" ADD CONSTRAINT "recent_notices_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "auth"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "recent_notices_last" ON "auth"."recent_notices" USING btree ("last_told_at");