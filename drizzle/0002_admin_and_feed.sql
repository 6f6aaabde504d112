-- The old primary key goes first: a table has one.
ALTER TABLE "auth"."revocations" DROP COLUMN "id";--> statement-breakpoint
DROP INDEX "auth"."audit_events_user";--> statement-breakpoint
ALTER TABLE "auth"."revocations" ADD CONSTRAINT "revocations_kind_subject_id_pk" PRIMARY KEY("kind","subject_id");--> statement-breakpoint
ALTER TABLE "auth"."revocations" ADD COLUMN "transaction_id" "xid8" DEFAULT pg_current_xact_id() NOT NULL;--> statement-breakpoint
CREATE INDEX "audit_events_session" ON "auth"."audit_events" USING btree ("session_id","id");--> statement-breakpoint
CREATE INDEX "audit_events_type" ON "auth"."audit_events" USING btree ("type","id");--> statement-breakpoint
CREATE INDEX "revocations_transaction_id" ON "auth"."revocations" USING btree ("transaction_id");--> statement-breakpoint
CREATE INDEX "users_email_prefix" ON "auth"."users" USING btree ("email_key" collate "C");--> statement-breakpoint
CREATE INDEX "users_roles" ON "auth"."users" USING gin ("roles");--> statement-breakpoint
CREATE INDEX "users_disabled" ON "auth"."users" USING btree ("id") WHERE "auth"."users"."status" = 'DISABLED';--> statement-breakpoint
CREATE INDEX "audit_events_user" ON "auth"."audit_events" USING btree ("user_id","id");
