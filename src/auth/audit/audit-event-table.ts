import type { AuditEventType } from "./audit-events.ts";

interface AuditEventDescription {
  /** Of its line in the log: `warn` where somebody on call may want to see it. */
  readonly level: "info" | "warn";
  /** So many of them, and so few with a message, that the courier is not woken: its next look by itself is soon enough. */
  readonly isQuiet: boolean;
  /** When it is written, for people: the table of docs/reference/audit-events.md is compared with it. */
  readonly when: string;
}

const told = { level: "info", isQuiet: false } as const;
const warned = { level: "warn", isQuiet: false } as const;
const quiet = { level: "info", isQuiet: true } as const;
const quietlyWarned = { level: "warn", isQuiet: true } as const;

/** What is decided of each type of event, and nowhere else: a new one needs a line here. */
export const auditEventTable: Readonly<Record<AuditEventType, AuditEventDescription>> = {
  REGISTERED: {
    ...told,
    when: "an account was made: by its user, an operator or an import; failed: the address was known, and `reason` says how",
  },
  LOGIN_SUCCEEDED: { ...quiet, when: "somebody signed in, which opens a session" },
  LOGIN_FAILED: { ...quietlyWarned, when: "a login was refused: `reason`" },
  LOGOUT: { ...quiet, when: "a session ended by `logout`; with `endedSessions`: all of its user's, by `logoutAll`" },
  TOKEN_REFRESHED: { ...quiet, when: "a refresh token was exchanged for the next one" },
  REFRESH_REPLAYED: { ...quietlyWarned, when: "a retry of a refresh was answered again" },
  REFRESH_REUSED: { ...warned, when: "an old refresh token was used again, which ended its session" },
  SESSION_REVOKED: { ...told, when: "a session ended otherwise than by its own logout or a reused token: `reason`" },
  PASSWORD_CHANGED: { ...warned, when: "a password was changed, by its user or an operator; failed: the current one was wrong" },
  EMAIL_VERIFICATION_REQUESTED: { ...told, when: "a message was asked for that proves an address" },
  EMAIL_VERIFIED: { ...told, when: "an address was proven; failed: by a wrong token or code" },
  PASSWORD_RESET_REQUESTED: { ...told, when: "a message was asked for with which a password can be set" },
  PASSWORD_RESET: { ...warned, when: "a password was set by the link of a message; failed: by a wrong token" },
  EMAIL_CHANGE_REQUESTED: { ...told, when: "another address was asked for; failed: the password was wrong" },
  EMAIL_CHANGED: { ...warned, when: "another address was confirmed; failed: by a wrong code" },
  EMAIL_CHANGE_UNDONE: { ...warned, when: "a change of address was undone from the old address" },
  ACCOUNT_DELETION_REQUESTED: { ...warned, when: "a user had the account deleted; failed: the password was wrong" },
  ACCOUNT_RESTORED: {
    ...told,
    when: "an account that was to be erased was kept: its user signed in, undid a change of address, or was promoted",
  },
  ACCOUNT_ERASED: { ...told, when: "an account was erased, and its events were given another id" },
  ACCOUNT_EXPORTED: { ...told, when: "a user read everything that is kept of the account, by `exportAccount`" },
  ROLES_CHANGED: { ...warned, when: "the roles of a user were replaced" },
  USER_DISABLED: { ...warned, when: "a user was disabled; `reason`, where the admin gave one" },
  USER_ENABLED: { ...warned, when: "a disabled user was enabled again" },
  USER_UNLOCKED: { ...warned, when: "what was counted against an account was forgotten, by an admin or an operator" },
  FORCED_LOGOUT: { ...warned, when: "an admin or an operator ended every session of a user; without a user: of everybody" },
  RATE_LIMITED: { ...quietlyWarned, when: "a caller met a limit that `@rateLimit` states, for the first time in its window: `coordinate`" },
  SIGNING_KEY_ROTATED: { ...told, when: "a new key was made that signs access tokens from `signsFrom` on: `kid`" },
};
