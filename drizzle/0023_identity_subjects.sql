CREATE TABLE "auth"."identity_subjects" (
	"issuer" text NOT NULL,
	"subject" text NOT NULL,
	"user_id" uuid NOT NULL,
	CONSTRAINT "identity_subjects_issuer_subject_pk" PRIMARY KEY("issuer","subject")
);
--> statement-breakpoint
CREATE INDEX "identity_subjects_user" ON "auth"."identity_subjects" USING btree ("user_id");