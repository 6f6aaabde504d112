import { addSeconds } from "../clock.ts";
import { JWKS_CACHE_SECONDS } from "./signing-keys.ts";

/** What the schedule looks at: a key signs from `signsFrom` until the next one does. */
export interface ScheduledKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly signsFrom: Date;
}

/**
 * When the next key must start to sign, or undefined while none is due. A key is due one cache lifetime ahead of the end of
 * its predecessor's term, or where the configured algorithm has changed, and is published for one cache lifetime first.
 */
export function nextActivation(
  keys: readonly ScheduledKey[],
  at: { now: Date; algorithm: string; rotationSeconds: number },
): Date | undefined {
  const newest = keys.at(-1);
  if (newest === undefined) return at.now;
  const published = addSeconds(at.now, JWKS_CACHE_SECONDS);
  if (newest.algorithm !== at.algorithm) return published;
  const termEnd = addSeconds(newest.signsFrom, at.rotationSeconds);
  return termEnd <= published ? published : undefined;
}

/** The keys whose last token has expired: their successor has signed for longer than any token lives. */
export function retiredKeys(keys: readonly ScheduledKey[], at: { now: Date; retentionSeconds: number }): string[] {
  return keys
    .filter((_, index) => {
      const successor = keys[index + 1];
      return successor !== undefined && addSeconds(successor.signsFrom, at.retentionSeconds) <= at.now;
    })
    .map((key) => key.kid);
}
