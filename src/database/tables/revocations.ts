import { sql } from "drizzle-orm";
import { index, integer, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant, transactionId } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";

/** What ends access tokens before they expire; a row is useless once every token that it concerns has expired. */
export const revocations = authSchema.table(
  "revocations",
  {
    /**
     * `session`: that session has ended. `user`: tokens of the user below `version` are refused. `everybody`: those of sessions with a
     * lower id.
     */
    kind: text("kind", { enum: ["session", "user", "everybody"] }).notNull(),
    subjectId: uuid("subject_id").notNull(),
    version: integer("version"),
    revokedAt: instant("revoked_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    /** Which transaction wrote the row: what lets a reader miss none, in whatever order they commit. */
    transactionId: transactionId("transaction_id").notNull().default(sql`pg_current_xact_id()`),
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.subjectId] }),
    // Every process polls for what is new, and purges what is old.
    index("revocations_transaction_id").on(table.transactionId),
    index("revocations_expires_at").on(table.expiresAt),
  ],
);
