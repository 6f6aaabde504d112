ALTER TABLE "auth"."sessions" ADD COLUMN "retry_hash" "bytea";--> statement-breakpoint
ALTER TABLE "auth"."sessions" ADD COLUMN "rotation_client" "bytea";--> statement-breakpoint
ALTER TABLE "auth"."sessions" ADD COLUMN "followed_generation" integer;