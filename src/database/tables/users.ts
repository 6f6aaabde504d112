import { sql } from "drizzle-orm";
import { boolean, check, index, integer, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";

export const users = authSchema.table(
  "users",
  {
    id: uuid("id").primaryKey(),
    /** As typed, for display. */
    email: text("email").notNull(),
    /** Trimmed, NFC, lower case, for searching. What is unique is in `email_addresses`. */
    emailKey: text("email_key").notNull(),
    emailVerified: boolean("email_verified").notNull().default(false),
    /** A PHC string, such as `$argon2id$v=19$m=19456,t=2,p=1$…`. */
    passwordHash: text("password_hash").notNull(),
    roles: text("roles").array().notNull(),
    status: text("status", { enum: ["ACTIVE", "DISABLED"] })
      .notNull()
      .default("ACTIVE"),
    /** Raised when roles, status, password or address change, or every session is ended: access tokens of an older version are refused. */
    version: integer("version").notNull().default(1),
    createdAt: instant("created_at").notNull(),
    lastLoginAt: instant("last_login_at"),
    /** When it is to be erased, on its user's own word; signing in before takes that back. */
    erasureAt: instant("erasure_at"),
  },
  (table) => [
    check("users_status", sql`${table.status} in ('ACTIVE', 'DISABLED')`),
    // Admins look addresses up by prefix, which takes byte order; rare roles and disabled users must be found among millions.
    index("users_email_prefix").on(sql`${table.emailKey} collate "C"`),
    // … or by the whole domain, in the order of the addresses.
    index("users_email_domain")
      .on(sql`split_part(${table.emailKey}, '@', 2) collate "C"`, sql`${table.emailKey} collate "C"`)
      .concurrently(),
    index("users_roles").using("gin", table.roles),
    index("users_disabled").on(table.id).where(sql`${table.status} = 'DISABLED'`),
    index("users_erasure_at").on(table.erasureAt).where(sql`${table.erasureAt} is not null`),
  ],
);
