import { sql } from "drizzle-orm";
import { boolean, index, integer, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { bytea, instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";

/** What was sent to an address, so that whoever reads its mail can prove it. A row goes when its token is used. */
export const oneTimeTokens = authSchema.table(
  "one_time_tokens",
  {
    id: uuid("id").notNull(),
    purpose: text("purpose", { enum: ["VERIFY_EMAIL", "RESET_PASSWORD", "CHANGE_EMAIL", "UNDO_EMAIL_CHANGE"] }).notNull(),
    /** For an address without account 16 bytes of a hash of it, so that the same rows are written for both. */
    userId: uuid("user_id").notNull(),
    /** False for an address without account: such a token proves nothing. */
    hasAccount: boolean("has_account").notNull(),
    /** The address that it proves, as typed, and its key; null without account. */
    email: text("email"),
    emailKey: text("email_key"),
    /** SHA-256 of the token. */
    tokenHash: bytea("token_hash").notNull(),
    /** Of the 6-digit code, under a key derived from `SECRET`: a million of them are soon tried. Null where there is none. */
    codeHash: bytea("code_hash"),
    /** SHA-256 of what the client was given that asked for the code, and without which it is not good. */
    attemptHash: bytea("attempt_hash"),
    codeTries: integer("code_tries").notNull().default(0),
    /** SHA-256 of the password hash that a reset replaces: void once that is another one. */
    boundTo: bytea("bound_to"),
    /** Whether somebody has registered again with an address that nobody has proven: then no password of before counts after the proof. */
    isContested: boolean("is_contested").notNull().default(false),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
    // One live token a purpose: a new one takes the place of the one before. Each change of address can be undone by itself.
    uniqueIndex("one_time_tokens_purpose").on(table.userId, table.purpose).where(sql`${table.purpose} <> 'UNDO_EMAIL_CHANGE'`),
    // What a link has, whose token of an earlier version names no user.
    index("one_time_tokens_hash").on(table.tokenHash),
    index("one_time_tokens_expires_at").on(table.expiresAt),
  ],
);
