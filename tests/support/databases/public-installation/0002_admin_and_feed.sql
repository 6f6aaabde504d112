-- The old primary key goes first: a table has one.
ALTER TABLE "revocations" DROP COLUMN "id";--> statement-breakpoint
DROP INDEX "audit_events_user";--> statement-breakpoint
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_kind_subject_id_pk" PRIMARY KEY("kind","subject_id");--> statement-breakpoint
ALTER TABLE "revocations" ADD COLUMN "transaction_id" "xid8" DEFAULT pg_current_xact_id() NOT NULL;--> statement-breakpoint
CREATE INDEX "audit_events_session" ON "audit_events" USING btree ("session_id","id");--> statement-breakpoint
CREATE INDEX "audit_events_type" ON "audit_events" USING btree ("type","id");--> statement-breakpoint
CREATE INDEX "revocations_transaction_id" ON "revocations" USING btree ("transaction_id");--> statement-breakpoint
CREATE INDEX "users_email_prefix" ON "users" USING btree ("email_key" collate "C");--> statement-breakpoint
CREATE INDEX "users_roles" ON "users" USING gin ("roles");--> statement-breakpoint
CREATE INDEX "users_disabled" ON "users" USING btree ("id") WHERE "users"."status" = 'DISABLED';--> statement-breakpoint
CREATE INDEX "audit_events_user" ON "audit_events" USING btree ("user_id","id");
