import type { SessionEndReason } from "../errors.ts";
import { type RefreshToken, secretFits } from "./refresh-tokens.ts";

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
  /** When the last access token issued for it expires. */
  readonly accessExpiresAt: Date;
}

export interface SessionEnd {
  readonly endedAt: Date;
  readonly endReason: SessionEndReason;
}

/** When and why a session ended, or undefined while it lives: a pure function of state and clock. */
export function endOf(session: Session, now: Date): SessionEnd | undefined {
  if (session.endedAt !== null) return { endedAt: session.endedAt, endReason: session.endReason ?? "EXPIRED" };
  const expiresAt = new Date(Math.min(session.idleExpiresAt.getTime(), session.expiresAt.getTime()));
  return expiresAt <= now ? { endedAt: expiresAt, endReason: "EXPIRED" } : undefined;
}

export type RefreshVerdict =
  /** Proves nothing, so it changes nothing. */
  | { readonly kind: "not_genuine" }
  | { readonly kind: "ended"; readonly endReason: SessionEndReason }
  | { readonly kind: "current" }
  /** The direct predecessor, in time: its holder may not have got the answer. `nonce` yields the successor again. */
  | { readonly kind: "replayed"; readonly nonce: Buffer }
  /** Genuine and old: somebody else holds a copy. */
  | { readonly kind: "reused" };

/** Judges a refresh token against its session's row; the row must be locked if the verdict is to be acted on. */
export function judgeRefresh(session: SessionRecord, token: RefreshToken, at: { now: Date; graceSeconds: number }): RefreshVerdict {
  if (!secretFits(token.familySecret, session.familyHash)) return { kind: "not_genuine" };
  const end = endOf(session, at.now);
  if (end !== undefined) return { kind: "ended", endReason: end.endReason };
  if (secretFits(token.generationSecret, session.currentHash)) return { kind: "current" };
  const nonce = session.rotationNonce;
  const graceEndsAt = (session.rotatedAt?.getTime() ?? 0) + at.graceSeconds * 1000;
  const inGrace = at.now.getTime() <= graceEndsAt;
  if (inGrace && nonce !== null && secretFits(token.generationSecret, session.previousHash)) return { kind: "replayed", nonce };
  return { kind: "reused" };
}
