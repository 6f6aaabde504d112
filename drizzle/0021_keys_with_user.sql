CREATE UNIQUE INDEX CONCURRENTLY "sessions_user_id_id_pk" ON "auth"."sessions" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX CONCURRENTLY "sessions_id" ON "auth"."sessions" USING btree ("id");--> statement-breakpoint
CREATE UNIQUE INDEX CONCURRENTLY "audit_events_user_id_id_pk" ON "auth"."audit_events" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX CONCURRENTLY "audit_events_id" ON "auth"."audit_events" USING btree ("id");--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "auth"."audit_events_user";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "auth"."one_time_tokens_user";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "auth"."one_time_tokens_reserved";
