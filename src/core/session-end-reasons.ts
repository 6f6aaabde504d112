/**
 * Why sessions end: the names are those of the public contract. A new one changes the constraints of two tables, `sessions` and
 * `session_ends`: the migration adds them as `NOT VALID`, and the next one validates them.
 */
export const sessionEndReasons = [
  "LOGOUT",
  "LOGOUT_ALL",
  "REVOKED_BY_USER",
  "REVOKED_BY_ADMIN",
  "REUSE_DETECTED",
  "PASSWORD_CHANGED",
  "PASSWORD_RESET",
  "ADDRESS_PROVEN",
  "EMAIL_CHANGE_UNDONE",
  "ACCOUNT_DELETED",
  "USER_DISABLED",
  "TOO_MANY_SESSIONS",
  "EXPIRED",
] as const;

export type SessionEndReason = (typeof sessionEndReasons)[number];
