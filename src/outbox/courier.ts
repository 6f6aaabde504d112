import { addSeconds } from "../core/clock.ts";
import { type CourierParts, handleMessage } from "./handle-message.ts";
import { type Channel, leaseDue } from "./outbox-queue-store.ts";

/** How long a message is leased to the process that took it: longer than an attempt and noting its outcome may take together. */
const LEASE_SECONDS = 120;
/** Milliseconds between looks while there is nothing to do. */
const POLL_MILLISECONDS = 1000;
/** After something was written: the transaction is mostly over by then, and if not, the next look finds it. */
const WAKE_MILLISECONDS = 50;
const CONCURRENCY = 8;
/** At most so many of the messages that nobody waits for: fewer than there are connections to a mail server, so that one stays free. */
const CONCURRENCY_OF_OTHERS = 3;
/** How long those under way may take when the process stops. */
const PATIENCE_MILLISECONDS = 5000;
/** Sends what is due on one channel; any number of processes may have one. */
export interface Courier {
  /** Something was written: to be looked at sooner than by itself. */
  wake(): void;
  /** Waits for what is under way; the signal cuts it off. */
  stop(hurry?: AbortSignal): Promise<void>;
}

export function startCourier(channel: Channel, parts: CourierParts): Courier {
  const { database, clock, onFailure } = parts;
  const stopping = new AbortController();
  /** The messages under way, and whether somebody waits for each. */
  const underWay = new Map<Promise<void>, boolean>();
  let isStopped = false;
  let looking: Promise<void> | undefined;
  /** Something happened during a look, which may have come too early for it. */
  let hasNews = false;
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;

  async function leaseAndSend(): Promise<void> {
    const limit = CONCURRENCY - underWay.size;
    if (limit === 0) return;
    const now = clock();
    const limitOfOthers = CONCURRENCY_OF_OTHERS - [...underWay.values()].filter((awaited) => !awaited).length;
    const rows = await leaseDue(database, { channel, now, leaseUntil: addSeconds(now, LEASE_SECONDS), limit, limitOfOthers });
    for (const row of rows) {
      const work = handleMessage(row, parts, stopping.signal).finally(() => {
        underWay.delete(work);
        lookWithin(0);
      });
      underWay.set(work, row.awaited);
    }
  }

  async function look(): Promise<void> {
    dueAt = Number.POSITIVE_INFINITY;
    hasNews = looking !== undefined;
    if (hasNews) return;
    looking = leaseAndSend().catch((error: unknown) => void onFailure(error));
    await looking;
    looking = undefined;
    lookWithin(hasNews ? 0 : POLL_MILLISECONDS);
  }

  /** The sooner of what was planned and this. */
  function lookWithin(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (isStopped || at >= dueAt) return;
    dueAt = at;
    clearTimeout(timer);
    timer = setTimeout(() => void look(), milliseconds);
  }

  lookWithin(0);
  return {
    wake: () => lookWithin(WAKE_MILLISECONDS),
    async stop(hurry) {
      isStopped = true;
      clearTimeout(timer);
      await looking;
      await settle([...underWay.keys()], { cutOff: () => stopping.abort(), hurry });
    },
  };
}

/** Waits for them; for so long as is reasonable, or until somebody is in a hurry. */
async function settle(
  underWay: readonly Promise<void>[],
  { cutOff, hurry }: { cutOff: () => void; hurry: AbortSignal | undefined },
): Promise<void> {
  const patience = setTimeout(cutOff, PATIENCE_MILLISECONDS);
  hurry?.addEventListener("abort", cutOff);
  if (hurry?.aborted) cutOff();
  await Promise.all(underWay);
  clearTimeout(patience);
  hurry?.removeEventListener("abort", cutOff);
}
