import { integer, text } from "drizzle-orm/pg-core";
import { instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";

/**
 * How far the import of a file has come: written in the transaction that inserts its users, so that it can be taken up where it stopped.
 */
export const userImports = authSchema.table("user_imports", {
  /** SHA-256 of the file, in hexadecimal. */
  fileHash: text("file_hash").primaryKey(),
  /** The last line that has been dealt with; the first one is 1. */
  lastLine: integer("last_line").notNull(),
  imported: integer("imported").notNull(),
  startedAt: instant("started_at").notNull(),
  finishedAt: instant("finished_at"),
});
