/** At most `max` calls in any time of that length, wherever it begins (the window slides). */
export interface RateLimit {
  readonly max: number;
  readonly windowSeconds: number;
}

/** The key that a call is counted under, and the limit that it has. */
export interface Quota {
  readonly key: string;
  readonly limit: RateLimit;
}

/** A quota that has no call left. */
export interface ExhaustedQuota {
  readonly key: string;
  /** When a call would be granted again if nobody were granted one before, in milliseconds since 1970. */
  readonly freeAt: number;
  /** Whether nobody was told of a refusal for it within the last window. */
  readonly isFirst: boolean;
}

/** A call is counted in all of its quotas, or in none. */
export type Reservation =
  | { readonly exhausted: readonly ExhaustedQuota[]; readonly giveBack?: never }
  | {
      readonly exhausted?: never;
      /** Takes the call back out of what was counted for its keys, or for these of them; does nothing where it does not count any more. */
      giveBack(keys?: ReadonlySet<string>): Promise<void>;
    };

/** Counts calls. However many reserve at once, never more than `max` of them are granted in a window. */
export interface LimitStore {
  /** `now` in milliseconds since 1970. */
  reserve(quotas: readonly Quota[], now: number): Promise<Reservation>;
  /** Nothing has been counted for these keys. */
  forget(keys: readonly string[]): Promise<void>;
}

/** One key as a store has found it: the slot that the call was counted in, or why it was not. */
export interface QuotaState {
  readonly slot: number;
  readonly freeAt: number;
  readonly isExhausted: boolean;
  readonly isFirst: boolean;
}

/** The exhausted ones among the quotas of a call, whose states come in the same order. */
export function listExhausted(quotas: readonly Quota[], states: readonly QuotaState[]): ExhaustedQuota[] {
  return quotas.flatMap(({ key }, index) => {
    const state = states[index];
    return state?.isExhausted === true ? [{ key, freeAt: state.freeAt, isFirst: state.isFirst }] : [];
  });
}

/** Whole seconds until a call would be admitted again. */
export function retryAfterSeconds(exhausted: readonly Pick<ExhaustedQuota, "freeAt">[], now: number): number {
  const freeAt = Math.max(...exhausted.map((quota) => quota.freeAt));
  return Math.max(1, Math.ceil((freeAt - now) / 1000));
}
