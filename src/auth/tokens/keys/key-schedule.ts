import { addSeconds } from "../../../core/clock.ts";
import { JWKS_CACHE_SECONDS, type SigningKey } from "./signing-keys.ts";

/** A key signs from `signsFrom` until the next one does. Lists of them are sorted by it. */
export interface ScheduledKey extends SigningKey {
  readonly signsFrom: Date;
}

/** The schedule lets a key verify for as long as any configuration lets a token live, because processes may differ in theirs. */
const RETENTION_SECONDS = 86_400;
/** A process that could not read the database for a while signs with the old key for longer: keep it that much longer too. */
const RETENTION_SLACK_SECONDS = 3600;

/** The key that signs: the last that has started. Where a clock is behind its neighbours', a key that has not started must do. */
export function signerAt<Key extends ScheduledKey>(signable: readonly Key[], now: Date): Key | undefined {
  return signable.findLast((key) => key.signsFrom <= now) ?? signable[0];
}

/** When a key that is made now may sign: once every cache of the JWKS has it. */
export function afterPublication(now: Date): Date {
  return addSeconds(now, JWKS_CACHE_SECONDS);
}

/** When the next key must start to sign; undefined while the newest one's term lasts for longer than a cache lifetime. */
export function nextActivation(keys: readonly ScheduledKey[], at: { now: Date; rotationSeconds: number }): Date | undefined {
  const newest = keys.at(-1);
  if (newest === undefined) return at.now;
  const published = afterPublication(at.now);
  return addSeconds(newest.signsFrom, at.rotationSeconds) <= published ? published : undefined;
}

/** The keys whose last token has expired: a successor, one that this process can sign with, has signed for longer than any token lives. */
export function retiredKeys(keys: readonly ScheduledKey[], now: Date): string[] {
  const isReplaced = (successor: ScheduledKey) =>
    successor.signingKey !== undefined && addSeconds(successor.signsFrom, RETENTION_SECONDS + RETENTION_SLACK_SECONDS) <= now;
  return keys.filter((_, index) => keys.slice(index + 1).some(isReplaced)).map((key) => key.kid);
}
