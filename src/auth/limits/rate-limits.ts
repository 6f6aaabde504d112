/** At most `max` calls in a window that begins with the first of them. */
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
  /** When its window ends, in milliseconds since 1970. */
  readonly endsAt: number;
  /** Whether nobody was refused for it in this window before. */
  readonly isFirst: boolean;
}

/** Either all claims of a call are granted or none is. */
export type Reservation =
  | { readonly exhausted: readonly ExhaustedClaim[]; readonly giveBack?: never }
  | {
      readonly exhausted?: never;
      /** Takes the call back out of the windows that it was counted in; does nothing to windows that have ended since. */
      giveBack(): Promise<void>;
    };

/** Counts calls. However many reserve at once, exactly `max` of a window are granted. */
export interface LimitStore {
  /** `now` in milliseconds since 1970. */
  reserve(claims: readonly Claim[], now: number): Promise<Reservation>;
}

/** One key as a store has found it. */
export interface ClaimState {
  readonly endsAt: number;
  readonly isExhausted: boolean;
  readonly isFirst: boolean;
}

/** The exhausted ones of a call's claims, whose states come in the same order. */
export function listExhausted(claims: readonly Claim[], states: readonly ClaimState[]): ExhaustedClaim[] {
  return claims.flatMap(({ key }, index) => {
    const state = states[index];
    return state?.isExhausted === true ? [{ key, endsAt: state.endsAt, isFirst: state.isFirst }] : [];
  });
}

/** Whole seconds until a call would be admitted again. */
export function retryAfterSeconds(exhausted: readonly Pick<ExhaustedClaim, "endsAt">[], now: number): number {
  const endsAt = Math.max(...exhausted.map((claim) => claim.endsAt));
  return Math.max(1, Math.ceil((endsAt - now) / 1000));
}
