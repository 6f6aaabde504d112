import type { Clock } from "../../../core/clock.ts";
import type { KeySet } from "./key-set.ts";

/** The keys of one issuer, read over the network seldom, whatever tokens come. */
export interface RemoteKeys {
  /** What is known, read again first where it is no longer fresh. Undefined while the keys cannot be had. */
  current(): Promise<KeySet | undefined>;
  /** For a token whose key is not in `current`: read once more, unless that was done just now. Undefined where it failed. */
  renewed(): Promise<KeySet | undefined>;
}

/** A key that its issuer withdraws is believed for no longer. */
const FRESH_SECONDS = 600;
/** While the issuer is out of reach its keys are good for longer, so that its outage is not ours. */
const USABLE_SECONDS = 3600;
/** Whatever strangers send, and whether it succeeds or fails: one reading in this time. */
const REST_SECONDS = 10;

/** `onChange` hears of the first success after a failure, and of the first failure after a success. */
export function createRemoteKeys(parts: { readonly clock: Clock; load(): Promise<KeySet>; onChange(error: unknown): void }): RemoteKeys {
  let keys: KeySet | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let reading: Promise<void> | undefined;

  const secondsSince = (instant: number) => (parts.clock().getTime() - instant) / 1000;

  function note(error: unknown): void {
    const hasChanged = (error === undefined) !== (failure === undefined);
    failure = error;
    if (hasChanged) parts.onChange(error);
  }

  async function read(): Promise<void> {
    triedAt = parts.clock().getTime();
    try {
      keys = await parts.load();
      readAt = triedAt;
      note(undefined);
    } catch (error) {
      note(error ?? new Error("no keys"));
    }
  }

  /** Whoever comes while it lasts waits for it. */
  async function readSeldom(): Promise<void> {
    if (reading === undefined && secondsSince(triedAt) < REST_SECONDS) return;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    await reading;
  }

  return {
    async current() {
      if (secondsSince(readAt) >= FRESH_SECONDS) await readSeldom();
      return secondsSince(readAt) < USABLE_SECONDS ? keys : undefined;
    },
    async renewed() {
      await readSeldom();
      return failure === undefined ? keys : undefined;
    },
  };
}
