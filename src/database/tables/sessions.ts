import { check, index, integer, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { bytea, instant } from "../columns/column-types.ts";
import { isKnownEndReason } from "../columns/end-reasons.ts";
import { authSchema } from "./auth-schema.ts";
import { users } from "./users.ts";

/**
 * One sign-in on one device: one row for its whole life, whatever the number of rotations.
 * Rotation must stay a heap-only update: no index on a column that it changes, and a fill factor below 100
 * (set in the migration, which Drizzle cannot express).
 */
export const sessions = authSchema.table(
  "sessions",
  {
    id: uuid("id").notNull(),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** SHA-256 of the family secret F: fits every genuine token of this session. */
    familyHash: bytea("family_hash").notNull(),
    /** SHA-256 of the current generation secret S. */
    currentHash: bytea("current_hash").notNull(),
    /** SHA-256 of the direct predecessor's secret. */
    previousHash: bytea("previous_hash"),
    /** The nonce R of the last rotation: S = HMAC-SHA-256(predecessor's S, R). */
    rotationNonce: bytea("rotation_nonce"),
    /** What a retry of the last rotation proves itself with: SHA-256 of the client's key and the predecessor's S. */
    retryHash: bytea("retry_hash"),
    /** Which client the last rotation answered: its network and kind of program, hashed. */
    rotationClient: bytea("rotation_client"),
    /** The generation whose predecessor another client was last answered for, without a proof. */
    followedGeneration: integer("followed_generation"),
    generation: integer("generation").notNull().default(0),
    rotatedAt: instant("rotated_at"),
    createdAt: instant("created_at").notNull(),
    lastUsedAt: instant("last_used_at").notNull(),
    idleExpiresAt: instant("idle_expires_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    /**
     * When the last access token issued for it expires: how long its revocation must be remembered, whatever the configuration says by
     * then.
     */
    accessExpiresAt: instant("access_expires_at").notNull(),
    /**
     * `users.version` when it was opened: what ends all sessions of a user ends those that were opened below a version (`session_ends`).
     */
    openedVersion: integer("opened_version").notNull().default(0),
    /** Null also for a while after one row has ended many sessions: see `session_ends`. */
    endedAt: instant("ended_at"),
    endReason: text("end_reason"),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
    check("sessions_end_reason", isKnownEndReason(table.endReason)),
    // A user's live sessions, newest first, and the latest that have ended: none of it is changed by a rotation.
    index("sessions_of_user").on(table.userId, table.endedAt, table.openedVersion, table.id).concurrently(),
    // One by its id alone, for admins; all of them in the order of their ids.
    index("sessions_id").on(table.id).concurrently(),
  ],
);
