import type { AnonymousReason } from "./permissions.ts";

/** The session end reasons of the public contract. */
export type SessionEndReason =
  | "LOGOUT"
  | "LOGOUT_ALL"
  | "REVOKED_BY_USER"
  | "REVOKED_BY_ADMIN"
  | "REUSE_DETECTED"
  | "PASSWORD_CHANGED"
  | "USER_DISABLED"
  | "EXPIRED";

/** The typed facts that travel beside each code in `extensions`. Never anything that the caller sent. */
export interface ErrorFacts {
  UNAUTHENTICATED: { reason: AnonymousReason; coordinate: string; directive: string };
  FORBIDDEN: { coordinate: string; directive: string; required: readonly (readonly string[])[]; missing: readonly string[] };
  INVALID_CREDENTIALS: Record<never, never>;
  EMAIL_TAKEN: Record<never, never>;
  BAD_USER_INPUT: { fields: Readonly<Record<string, readonly string[]>> };
  INVALID_REFRESH_TOKEN: Record<never, never>;
  SESSION_ENDED: { endReason: SessionEndReason };
  REFRESH_TOKEN_REUSED: Record<never, never>;
  SERVICE_UNAVAILABLE: Record<never, never>;
  INTERNAL_SERVER_ERROR: { requestId: string };
}
export type ErrorCode = keyof ErrorFacts;

/** The one public message of each code: fixed text, so that no message can carry input, SQL or a stack. */
export const publicMessages: Readonly<Record<ErrorCode, string>> = {
  UNAUTHENTICATED: "This field needs a valid access token.",
  FORBIDDEN: "You are signed in, but not allowed to see this field.",
  INVALID_CREDENTIALS: "The e-mail address or the password is wrong.",
  EMAIL_TAKEN: "An account with this e-mail address exists already.",
  BAD_USER_INPUT: "An argument breaks a rule; see `fields`.",
  INVALID_REFRESH_TOKEN: "The refresh token is missing, malformed or not genuine.",
  SESSION_ENDED: "This session has ended; sign in again.",
  REFRESH_TOKEN_REUSED: "An old refresh token was used again, so its session has been ended; sign in again.",
  SERVICE_UNAVAILABLE: "The service is out of reach for the moment; try again shortly.",
  INTERNAL_SERVER_ERROR: "Something went wrong on our side; quote the request id when you report it.",
};

/** An expected failure with a public face (code, message, facts) and an optional private `cause`. */
export class AuthError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "AuthError";
  readonly code: Code;
  readonly facts: ErrorFacts[Code];

  constructor(code: Code, facts: ErrorFacts[Code], options?: ErrorOptions) {
    super(publicMessages[code], options);
    this.code = code;
    this.facts = facts;
  }
}

/** The process cannot start, for a reason that its operator can mend: the message says which, and it is all that is shown. */
export class StartupError extends Error {
  override readonly name = "StartupError";
}
