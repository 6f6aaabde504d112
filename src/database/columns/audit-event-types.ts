import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { listed } from "./listed.ts";

/** Closed: the names are those of the public contract. */
export const auditEventTypes = [
  "REGISTERED",
  "LOGIN_SUCCEEDED",
  "LOGIN_FAILED",
  "LOGOUT",
  "TOKEN_REFRESHED",
  "REFRESH_REPLAYED",
  "REFRESH_REUSED",
  "SESSION_REVOKED",
  "PASSWORD_CHANGED",
  "EMAIL_VERIFICATION_REQUESTED",
  "EMAIL_VERIFIED",
  "PASSWORD_RESET_REQUESTED",
  "PASSWORD_RESET",
  "EMAIL_CHANGE_REQUESTED",
  "EMAIL_CHANGED",
  "EMAIL_CHANGE_UNDONE",
  "ACCOUNT_DELETION_REQUESTED",
  "ACCOUNT_RESTORED",
  "ACCOUNT_ERASED",
  "ACCOUNT_EXPORTED",
  "ROLES_CHANGED",
  "USER_DISABLED",
  "USER_ENABLED",
  "USER_UNLOCKED",
  "FORCED_LOGOUT",
  "RATE_LIMITED",
  "SIGNING_KEY_ROTATED",
] as const;
export type AuditEventType = (typeof auditEventTypes)[number];

/** Whose account an event concerns that concerns none: a part of a key is never null. */
export const NOBODY = "00000000-0000-0000-0000-000000000000";

/** For a CHECK constraint, which takes no parameters. */
export function isKnownAuditEventType(column: SQLWrapper): SQL {
  return sql`${column} in (${listed(auditEventTypes)})`;
}
