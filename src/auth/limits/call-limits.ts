import type { ClientInfo } from "../../core/client-info.ts";
import type { Clock } from "../../core/clock.ts";
import type { Audit } from "../audit/audit.ts";
import type { LimitStores } from "./limit-stores.ts";
import { type ExhaustedQuota, type Quota, type Reservation, retryAfterSeconds } from "./rate-limits.ts";

/** A quota, and the name that an operator changes its limit by. */
export interface NamedQuota extends Quota {
  readonly setting: string;
}

/** A call that comes too soon. */
export interface Refusal {
  readonly retryAfterSeconds: number;
  /** Told to callers in development: `limits.Mutation.login` of `gateway.yaml`. */
  readonly setting?: string;
}

/** A call that was admitted, and may be taken back, for all of its keys or some; or why it was not. */
export type Admission =
  | { readonly refusal: Refusal; readonly giveBack?: never }
  | { readonly refusal?: never; giveBack(keys?: ReadonlySet<string>): Promise<void> };

/** A call of a field, by whoever its access token says. */
export interface LimitedCall {
  /** `Type.field`. */
  readonly coordinate: string;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly client: ClientInfo;
}

/** What was refused, to be counted each time and logged once a window. */
export interface RefusedCall {
  readonly setting: string;
  readonly coordinate: string;
  readonly userId: string | null;
  readonly ipAddress: string | null;
  /** Whether nobody was refused for the same within the last window. */
  readonly isFirst: boolean;
}

export interface CallLimits {
  /**
   * Counts a call that needs no care: each process by itself and without waiting, or all together in Redis. Undefined where it may go on.
   * Without a call nobody is told of the refusal.
   */
  count(quotas: readonly NamedQuota[], call?: () => LimitedCall): Refusal | undefined | Promise<Refusal | undefined>;
  /** Counts a call that guesses may be made with, over all processes. The first refusal of a caller in a window is audited. */
  reserve(quotas: readonly NamedQuota[], call: LimitedCall): Promise<Admission>;
  /** As if nothing had been counted for these keys, in all processes within a second. */
  forget(keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface CallLimitParts {
  readonly stores: LimitStores;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly onRefusal: (refused: RefusedCall) => void;
}

/** `tellsSetting`: whether callers learn which setting they have met. */
export function createCallLimits(
  { stores, audit, clock, onRefusal }: CallLimitParts,
  { tellsSetting }: { tellsSetting: boolean },
): CallLimits {
  async function recordRefusal({ coordinate, userId, sessionId, client }: LimitedCall): Promise<void> {
    const about = { userId, actorId: userId, sessionId };
    await audit.record({ type: "RATE_LIMITED", ...about, succeeded: false, detail: { coordinate } }, client);
  }

  function refuse(exhausted: readonly ExhaustedQuota[], quotas: readonly NamedQuota[], call: LimitedCall | undefined): Refusal {
    let setting: string | undefined;
    for (const { key, isFirst } of exhausted) {
      const quota = quotas.find((each) => each.key === key);
      if (quota === undefined) continue;
      setting ??= quota.setting;
      if (call === undefined) continue;
      const { coordinate, userId, client } = call;
      onRefusal({ setting: quota.setting, coordinate, userId, ipAddress: client.ipAddress, isFirst });
    }
    const refusal = { retryAfterSeconds: retryAfterSeconds(exhausted, clock().getTime()) };
    return tellsSetting && setting !== undefined ? { ...refusal, setting: `limits.${setting}` } : refusal;
  }

  return {
    count(quotas, call) {
      const now = clock().getTime();
      const judge = ({ exhausted }: Pick<Reservation, "exhausted">) => exhausted && refuse(exhausted, quotas, call?.());
      if ("reserve" in stores.local) return stores.local.reserve(quotas, now).then(judge);
      const exhausted = stores.local.count(quotas, now);
      return exhausted && judge({ exhausted });
    },
    async reserve(quotas, call) {
      const reservation = await stores.shared.reserve(quotas, clock().getTime());
      if (reservation.exhausted === undefined) return { giveBack: reservation.giveBack };
      const refusal = refuse(reservation.exhausted, quotas, call);
      if (reservation.exhausted.some(({ isFirst }) => isFirst)) await recordRefusal(call);
      return { refusal };
    },
    forget: (keys) => stores.shared.forget(keys),
    close: () => stores.close(),
  };
}
