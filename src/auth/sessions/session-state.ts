import type { SessionEndReason } from "../../core/errors.ts";
import { sessionEndReasons } from "../../core/session-end-reasons.ts";

/** What a session is. `endedAt` and `endReason` are what is stored; a session can have expired without a row that says so. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly idleExpiresAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  readonly endReason: SessionEndReason | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

/** The row with the hashes that judge a refresh token. It never leaves `auth/sessions`. */
export interface SessionRecord extends Session {
  readonly familyHash: Buffer;
  readonly currentHash: Buffer;
  readonly previousHash: Buffer | null;
  readonly rotationNonce: Buffer | null;
  readonly rotatedAt: Date | null;
  readonly retryHash: Buffer | null;
  readonly rotationClient: Buffer | null;
  readonly followedGeneration: number | null;
  readonly generation: number;
  /** When the last access token issued for it expires. */
  readonly accessExpiresAt: Date;
}

export interface SessionEnd {
  readonly endedAt: Date;
  readonly endReason: SessionEndReason;
}

/** When and why a session ended, or undefined while it lives: a pure function of state and clock. */
export function endOf(session: Session, now: Date): SessionEnd | undefined {
  if (session.endedAt !== null) return { endedAt: session.endedAt, endReason: readEndReason(session.endReason) };
  const expiresAt = new Date(Math.min(session.idleExpiresAt.getTime(), session.expiresAt.getTime()));
  return expiresAt <= now ? { endedAt: expiresAt, endReason: "EXPIRED" } : undefined;
}

/** A newer version beside this one may know more reasons. */
function readEndReason(reason: string | null): SessionEndReason {
  return sessionEndReasons.find((known) => known === reason) ?? (reason === null ? "EXPIRED" : "REVOKED_BY_ADMIN");
}
