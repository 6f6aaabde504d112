import { index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-types.ts";

/** What ends access tokens before they expire; a row is useless once every token that it concerns has expired. */
export const revocations = pgTable(
  "revocations",
  {
    id: uuid("id").primaryKey(),
    /** `session`: that session has ended. `user`: tokens of the user below `version` are refused. */
    kind: text("kind", { enum: ["session", "user"] }).notNull(),
    subjectId: uuid("subject_id").notNull(),
    version: integer("version"),
    revokedAt: instant("revoked_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
  },
  // Every process loads the live window at its start.
  (table) => [index("revocations_expires_at").on(table.expiresAt)],
);
