import { sql } from "drizzle-orm";
import { check, index, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";

/**
 * Whose every address is: the only place where addresses are unique. Without a foreign key to `users`, which may be spread by another
 * column. The row of an account's address is written before the account, in the same transaction, and goes when its erasure begins.
 */
export const emailAddresses = authSchema.table(
  "email_addresses",
  {
    /** Trimmed, NFC, lower case: what addresses are compared by. */
    emailKey: text("email_key").primaryKey(),
    userId: uuid("user_id").notNull(),
    /** `ACCOUNT`: the account has it, and signs in with it. `RESERVED`: the account had it, and can go back to it until then. */
    state: text("state", { enum: ["ACCOUNT", "RESERVED"] }).notNull(),
    until: instant("until"),
  },
  (table) => [
    check(
      "email_addresses_state",
      sql`${table.state} in ('ACCOUNT', 'RESERVED') and (${table.state} = 'RESERVED') = (${table.until} is not null)`,
    ),
    // What is kept of a user, for changes and for erasing.
    index("email_addresses_user").on(table.userId),
    // For purging.
    index("email_addresses_until").on(table.until).where(sql`${table.state} = 'RESERVED'`),
  ],
);
