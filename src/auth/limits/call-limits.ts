import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { Origin } from "../origin.ts";
import type { LimitStores } from "./limit-stores.ts";
import { type Claim, type Reservation, retryAfterSeconds } from "./rate-limits.ts";

/** A call that comes too soon. */
export interface Refusal {
  readonly retryAfterSeconds: number;
}

/** A call that was admitted, and may be taken back; or why it was not. */
export type Admission = { readonly refusal: Refusal; readonly giveBack?: never } | { readonly refusal?: never; giveBack(): Promise<void> };

/** A call of a field, by whoever its access token says. */
export interface LimitedCall {
  /** `Type.field`. */
  readonly coordinate: string;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly origin: Origin;
}

export interface CallLimits {
  /** Counts a call that needs no care: each process by itself and without waiting, or all together in Redis. Undefined where it may go on. */
  count(claim: Claim): Refusal | undefined | Promise<Refusal | undefined>;
  /** Counts a call that guesses may be made with, over all processes. The first refusal of a caller in a window is audited. */
  reserve(claims: readonly Claim[], call: LimitedCall): Promise<Admission>;
  close(): Promise<void>;
}

export function createCallLimits({ stores, audit, clock }: { stores: LimitStores; audit: Audit; clock: Clock }): CallLimits {
  async function recordRefusal({ coordinate, userId, sessionId, origin }: LimitedCall): Promise<void> {
    const about = { userId, actorId: userId, sessionId };
    await audit.record({ type: "RATE_LIMITED", ...about, succeeded: false, detail: { coordinate } }, origin);
  }

  function refusalOf(reservation: Reservation, now: number): Refusal | undefined {
    return reservation.exhausted && { retryAfterSeconds: retryAfterSeconds(reservation.exhausted, now) };
  }

  return {
    count(claim) {
      const now = clock().getTime();
      if ("reserve" in stores.common) return stores.common.reserve([claim], now).then((reservation) => refusalOf(reservation, now));
      const exhausted = stores.common.count([claim], now);
      return exhausted && { retryAfterSeconds: retryAfterSeconds(exhausted, now) };
    },
    async reserve(claims, call) {
      const now = clock().getTime();
      const reservation = await stores.careful.reserve(claims, now);
      const refusal = refusalOf(reservation, now);
      if (refusal === undefined) return { giveBack: reservation.giveBack ?? nothing };
      if (reservation.exhausted?.some(({ isFirst }) => isFirst) === true) await recordRefusal(call);
      return { refusal };
    },
    close: () => stores.close(),
  };
}

const nothing = () => Promise.resolve();
