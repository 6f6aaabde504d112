import { uuid } from "drizzle-orm/pg-core";
import { bytea, instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";
import { users } from "./users.ts";

/**
 * Users whose erasure has begun, and the names under which their audit events go on. The row goes with the user's, last of all: so whoever
 * finds it after a process died knows what is left to do, and once it has gone, nobody can tell whose entries they were.
 */
export const accountErasures = authSchema.table("account_erasures", {
  userId: uuid("user_id")
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  /** Stands for the user. */
  pseudonym: uuid("pseudonym").notNull(),
  /** 32 bytes: what stands for a session is a hash of it and the session's id. */
  sessionSecret: bytea("session_secret").notNull(),
  begunAt: instant("begun_at").notNull(),
});
