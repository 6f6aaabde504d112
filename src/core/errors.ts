import type { AnonymousReason } from "./permissions.ts";
import type { SessionEndReason } from "./session-end-reasons.ts";

/** The session end reasons of the public contract. */
export type { SessionEndReason };

/** The typed facts that travel beside each code in `extensions`. Never anything that the caller sent. */
export interface ErrorFacts {
  /** The coordinate and the directive are those of the guarded field; absent where a token was refused later. */
  UNAUTHENTICATED: { reason: AnonymousReason; coordinate?: string; directive?: string };
  FORBIDDEN: { coordinate: string; directive: string; required: readonly (readonly string[])[]; missing: readonly string[] };
  INVALID_CREDENTIALS: Record<never, never>;
  EMAIL_TAKEN: Record<never, never>;
  /** The attempt goes with the code that a registration has sent; a login sends none. */
  EMAIL_NOT_VERIFIED: { attempt?: string };
  INVALID_ONE_TIME_TOKEN: Record<never, never>;
  FRESH_LOGIN_REQUIRED: { maxAgeSeconds: number };
  REGISTRATION_REFUSED: { reason: string };
  BAD_USER_INPUT: { fields: Readonly<Record<string, readonly string[]>> };
  INVALID_REFRESH_TOKEN: Record<never, never>;
  SESSION_ENDED: { endReason: SessionEndReason };
  REFRESH_TOKEN_REUSED: Record<never, never>;
  RATE_LIMITED: { retryAfterSeconds: number; setting?: string };
  TOO_BUSY: { retryAfterSeconds: number };
  NOT_FOUND: Record<never, never>;
  LAST_ADMIN: Record<never, never>;
  SERVICE_UNAVAILABLE: Record<never, never>;
  UPSTREAM_UNAVAILABLE: { upstream: string };
  UPSTREAM_ERROR: Record<never, never>;
  INTERNAL_SERVER_ERROR: { requestId: string };
}
export type ErrorCode = keyof ErrorFacts;

export interface ErrorDescription {
  /** Fixed text, so that no message can carry input, SQL or a stack. */
  readonly message: string;
  /** When it is answered, for people: the table of docs/reference/errors.md is compared with it. */
  readonly when: string;
  readonly facts: string;
}

/** The one public face of each code. */
export const errorTable: Readonly<Record<ErrorCode, ErrorDescription>> = {
  UNAUTHENTICATED: {
    message: "This field needs a valid access token.",
    when: "a guarded field without a valid access token",
    facts: "reason, coordinate, directive",
  },
  FORBIDDEN: {
    message: "You are signed in, but not allowed to see this field.",
    when: "signed in, requirement not met",
    facts: "coordinate, directive, required, missing",
  },
  INVALID_CREDENTIALS: {
    message: "The e-mail address or the password is wrong.",
    when: "wrong e-mail or password, or a disabled user: one answer, the same work; also the wrong password of somebody who is signed in",
    facts: "",
  },
  EMAIL_TAKEN: {
    message: "An account with this e-mail address exists already.",
    when: "registering a known address",
    facts: "",
  },
  EMAIL_NOT_VERIFIED: {
    message: "The e-mail address is not verified yet: open the link in the message that was sent to it, then sign in.",
    when: "EMAIL_VERIFICATION=required: the right password of an unverified account; registering, whether or not the address is known",
    facts: "attempt (of a registration)",
  },
  INVALID_ONE_TIME_TOKEN: {
    message: "The link or code is wrong, has expired or has been used; ask for a new one.",
    when: "a token or code of a message that is wrong, expired, used, or replaced by a newer one",
    facts: "",
  },
  FRESH_LOGIN_REQUIRED: {
    message: "Give your password, or sign in again first.",
    when: "an operation that takes the password or a recent sign-in, with neither",
    facts: "maxAgeSeconds",
  },
  REGISTRATION_REFUSED: {
    message: "This registration was refused; see `reason`.",
    when: "the operator's hook `beforeRegister` refuses",
    facts: "reason",
  },
  BAD_USER_INPUT: {
    message: "The input breaks a rule; see `fields`.",
    when: "an argument, a variable or the request's body breaks a rule",
    facts: "fields",
  },
  INVALID_REFRESH_TOKEN: {
    message: "The refresh token is missing, malformed or not genuine.",
    when: "a refresh token that is missing, malformed or not genuine",
    facts: "",
  },
  SESSION_ENDED: {
    message: "This session has ended; sign in again.",
    when: "a genuine token of a session that has ended",
    facts: "endReason",
  },
  REFRESH_TOKEN_REUSED: {
    message: "An old refresh token was used again, so its session has been ended; sign in again.",
    when: "an old genuine token; the session has been ended",
    facts: "",
  },
  RATE_LIMITED: {
    message: "Too many calls; wait before the next one.",
    when:
      "more calls than a limit allows one caller, or too many wrong passwords, wrong codes, messages or sign-ins of one " +
      "account; nothing was done",
    facts: "retryAfterSeconds, setting (in development)",
  },
  TOO_BUSY: {
    message: "Too many sign-ins are waiting already; try again shortly.",
    when: "no capacity to hash another password; nothing was done",
    facts: "retryAfterSeconds",
  },
  NOT_FOUND: {
    message: "There is no such user or session.",
    when: "an operation on a user that does not exist, or on a session that is not the caller's own",
    facts: "",
  },
  LAST_ADMIN: {
    message: "This is the last admin: make another user an admin first.",
    when: "demoting, disabling or deleting the last active admin",
    facts: "",
  },
  SERVICE_UNAVAILABLE: {
    message: "The service is out of reach for the moment; try again shortly.",
    when:
      "the database, what verifies the tokens of another issuer, or a hook of the operator is out of reach; mail is asked " +
      "for where none can be sent",
    facts: "",
  },
  UPSTREAM_UNAVAILABLE: {
    message: "A graph behind the gateway gave no answer; try again shortly.",
    when: "a graph behind the gateway is out of reach, too slow, or answers with something that is no answer",
    facts: "upstream",
  },
  UPSTREAM_ERROR: {
    message: "A graph behind the gateway answered with an error.",
    when: "a graph behind the gateway answers with an error that has no code; the message is that graph's own",
    facts: "",
  },
  INTERNAL_SERVER_ERROR: {
    message: "Something went wrong on our side; quote the request id when you report it.",
    when: "anything else: masked, and logged with the request id",
    facts: "requestId",
  },
};

/** An expected failure with a public face (code, message, facts) and an optional private `cause`. */
export class AuthError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "AuthError";
  readonly code: Code;
  readonly facts: ErrorFacts[Code];

  /** `message`: fixed text as well, where there is more to say than what the code's own says. */
  constructor(code: Code, facts: ErrorFacts[Code], { message, ...options }: ErrorOptions & { readonly message?: string } = {}) {
    super(message ?? errorTable[code].message, options);
    this.code = code;
    this.facts = facts;
  }
}

/** Trying again would not help: the operator has not said how mail is sent. */
export function noMail(): AuthError<"SERVICE_UNAVAILABLE"> {
  return new AuthError("SERVICE_UNAVAILABLE", {}, { message: "This server sends no mail, and this cannot be done without." });
}

/** The process cannot start, for a reason that its operator can mend: the message says which, and it is all that is shown. */
export class StartupError extends Error {
  override readonly name = "StartupError";
}
