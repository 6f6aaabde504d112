import type { SessionEndReason } from "../../../core/errors.ts";
import { secretFits } from "../../tokens/refresh-tokens.ts";
import { type PresentedToken, retryFits } from "../presented-tokens.ts";
import { endOf, type SessionRecord } from "../session-state.ts";

export type RefreshVerdict =
  /** Proves nothing, so it changes nothing. */
  | { readonly kind: "not_genuine" }
  | { readonly kind: "ended"; readonly endReason: SessionEndReason }
  | { readonly kind: "current" }
  /**
   * The direct predecessor, with a proof or in time: its holder may not have got the answer. `nonce` yields the successor again.
   * A follower is another client than the one that rotated, and proves nothing: that has to be noted.
   */
  | { readonly kind: "retried"; readonly nonce: Buffer; readonly isFollower: boolean }
  /** Genuine, and old or followed once too often: somebody else holds a copy. */
  | { readonly kind: "reused" };

/** Once in so many generations the predecessor is answered for another client: a network may change while an answer is lost. */
export const GENERATIONS_PER_FOLLOWER = 10;

export interface Judging {
  readonly now: Date;
  readonly graceSeconds: number;
  /** Who presents the token. */
  readonly client: Buffer;
}

/**
 * Judges a refresh token against its session's row; the row must be locked if the verdict is to be acted on. `answerRetry` and
 * `createFindRefreshingAccount` say parts of the same in SQL: a rule that changes here changes there.
 */
export function judgeRefresh(session: SessionRecord, { token, retryHash }: PresentedToken, at: Judging): RefreshVerdict {
  if (!secretFits(token.familySecret, session.familyHash)) return { kind: "not_genuine" };
  const end = endOf(session, at.now);
  if (end !== undefined) return { kind: "ended", endReason: end.endReason };
  if (secretFits(token.generationSecret, session.currentHash)) return { kind: "current" };
  const nonce = session.rotationNonce;
  if (nonce === null || !secretFits(token.generationSecret, session.previousHash)) return { kind: "reused" };
  if (retryFits(retryHash, session.retryHash)) return { kind: "retried", nonce, isFollower: false };
  const graceEndsAt = (session.rotatedAt?.getTime() ?? 0) + at.graceSeconds * 1000;
  if (at.now.getTime() > graceEndsAt) return { kind: "reused" };
  const isFollower = session.rotationClient !== null && !session.rotationClient.equals(at.client);
  return isFollower && !mayBeFollowed(session) ? { kind: "reused" } : { kind: "retried", nonce, isFollower };
}

function mayBeFollowed({ followedGeneration, generation }: SessionRecord): boolean {
  return followedGeneration === null || generation - followedGeneration >= GENERATIONS_PER_FOLLOWER;
}
