import { addSeconds } from "../../core/clock.ts";

export type RevocationKind = "session" | "user" | "everybody";

/**
 * Ends access tokens before they expire: those of one session, those of one user below a version, or everybody's of sessions with a lower
 * id.
 */
export interface Revocation {
  readonly kind: RevocationKind;
  /** For `everybody`: the lowest id of a session that goes on. */
  readonly subjectId: string;
  /** For `user`: tokens with a lower version are refused. */
  readonly version: number | null;
  /** When every token that it concerns has expired. */
  readonly expiresAt: Date;
}

/** What a token has to say for itself. */
export interface Revocable {
  readonly userId: string;
  readonly sessionId: string;
  readonly version: number;
}

/** By how much the access token of a retry may outlive what its session's row says: up to that the row is not written again. */
export const LATE_RETRY_SECONDS = 300;
/** And a token is signed a moment after the row was written, and taken for a few seconds after it has expired. */
export const LATE_TOKEN_SECONDS = LATE_RETRY_SECONDS + 60;

/** No configuration lets an access token live longer: the most that ACCESS_TOKEN_TTL may be. */
export const LONGEST_ACCESS_TOKEN_SECONDS = 86_400;
/** Whose clock is behind the writer's takes tokens for that much longer. */
const SLOW_CLOCK_SECONDS = 3600;
/** For how long a revocation is remembered at most, whatever its row says: no token that it concerns lives on. */
export const LONGEST_REVOCATION_SECONDS = LONGEST_ACCESS_TOKEN_SECONDS + LATE_TOKEN_SECONDS + SLOW_CLOCK_SECONDS;

/** Refuses the access tokens of one session, the last of which expires at `accessExpiresAt` by its row. */
export function revocationOfSession({ id, accessExpiresAt }: { id: string; accessExpiresAt: Date }): Revocation {
  return { kind: "session", subjectId: id, version: null, expiresAt: addSeconds(accessExpiresAt, LATE_TOKEN_SECONDS) };
}

/** Refuses every access token of a user below the version. */
export function revocationOfUser({ id, version }: { id: string; version: number }, accessExpiresAt: Date): Revocation {
  return { kind: "user", subjectId: id, version, expiresAt: addSeconds(accessExpiresAt, LATE_TOKEN_SECONDS) };
}

/** Refuses the access tokens of all sessions with a lower id. */
export function revocationOfEverybody(idBelow: string, accessExpiresAt: Date): Revocation {
  return { kind: "everybody", subjectId: idBelow, version: null, expiresAt: addSeconds(accessExpiresAt, LATE_TOKEN_SECONDS) };
}
