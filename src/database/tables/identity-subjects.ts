import { index, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { authSchema } from "./auth-schema.ts";

/**
 * Whose every identity at another issuer is: the only place where the two are unique together. Nothing writes it yet. Without a foreign key
 * to `users`, as `email_addresses`.
 */
export const identitySubjects = authSchema.table(
  "identity_subjects",
  {
    issuer: text("issuer").notNull(),
    subject: text("subject").notNull(),
    userId: uuid("user_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.issuer, table.subject] }), index("identity_subjects_user").on(table.userId)],
);
