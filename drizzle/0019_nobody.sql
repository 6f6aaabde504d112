-- Entries of unknown types, written by hand, are changed as well: which types there are is checked again once that is done.
ALTER TABLE "auth"."audit_events" DROP CONSTRAINT "audit_events_type_known";--> statement-breakpoint
-- A part of a key is never null: the nil UUID stands for nobody. Entries that are there already follow with the next migration.
ALTER TABLE "auth"."audit_events" ALTER COLUMN "user_id" SET DEFAULT '00000000-0000-0000-0000-000000000000';--> statement-breakpoint
ALTER TABLE "auth"."audit_events" ADD CONSTRAINT "audit_events_user_id" CHECK ("user_id" IS NOT NULL) NOT VALID;
