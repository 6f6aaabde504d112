-- Others write meanwhile. It takes as long as it takes to write the entries of nobody anew, mostly failed logins of unknown addresses.
UPDATE "auth"."audit_events" SET "user_id" = '00000000-0000-0000-0000-000000000000' WHERE "user_id" IS NULL;--> statement-breakpoint
ALTER TABLE "auth"."audit_events" VALIDATE CONSTRAINT "audit_events_user_id";
