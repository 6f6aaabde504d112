/** At most `max` calls in any time of that length, wherever it begins (the window slides). */
export interface RateLimit {
  readonly max: number;
  readonly windowSeconds: number;
}

/** What a call is counted under, and how often that may be. */
export interface Claim {
  readonly key: string;
  readonly limit: RateLimit;
}

/** A claim that was not granted. */
export interface ExhaustedClaim {
  readonly key: string;
  /** When a call would be granted again if nobody were granted one before, in milliseconds since 1970. */
  readonly freeAt: number;
  /** Whether nobody was told of a refusal for it within the last window. */
  readonly isFirst: boolean;
}

/** Either all claims of a call are granted or none is. */
export type Reservation =
  | { readonly exhausted: readonly ExhaustedClaim[]; readonly giveBack?: never }
  | {
      readonly exhausted?: never;
      /** Takes the call back out of what was counted for its keys, or for these of them; does nothing where it does not count any more. */
      giveBack(keys?: ReadonlySet<string>): Promise<void>;
    };

/** Counts calls. However many reserve at once, never more than `max` of them are granted in a window. */
export interface LimitStore {
  /** `now` in milliseconds since 1970. */
  reserve(claims: readonly Claim[], now: number): Promise<Reservation>;
  /** Nothing has been counted for these keys. */
  forget(keys: readonly string[]): Promise<void>;
}

/** One key as a store has found it: the slot that the call was counted in, or why it was not. */
export interface ClaimState {
  readonly slot: number;
  readonly freeAt: number;
  readonly isExhausted: boolean;
  readonly isFirst: boolean;
}

/** The exhausted ones of a call's claims, whose states come in the same order. */
export function listExhausted(claims: readonly Claim[], states: readonly ClaimState[]): ExhaustedClaim[] {
  return claims.flatMap(({ key }, index) => {
    const state = states[index];
    return state?.isExhausted === true ? [{ key, freeAt: state.freeAt, isFirst: state.isFirst }] : [];
  });
}

/** Whole seconds until a call would be admitted again. */
export function retryAfterSeconds(exhausted: readonly Pick<ExhaustedClaim, "freeAt">[], now: number): number {
  const freeAt = Math.max(...exhausted.map((claim) => claim.freeAt));
  return Math.max(1, Math.ceil((freeAt - now) / 1000));
}
