CREATE INDEX CONCURRENTLY "sessions_of_user" ON "auth"."sessions" USING btree ("user_id","ended_at","opened_version","id");--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "auth"."sessions_user_id";
