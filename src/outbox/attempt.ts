import type { Deliver, Delivery } from "./delivery.ts";
import type { Payloads } from "./outbox.ts";
import type { LeasedRow } from "./outbox-queue-store.ts";

/** How long one attempt may take. Far less than the lease: what is cut off must be over before anybody else may try. */
const ATTEMPT_MILLISECONDS = 45_000;
/** A delivery that does not listen to its signal is left behind. */
const GRACE_MILLISECONDS = 1000;

export interface AttemptParts {
  readonly payloads: Payloads;
  readonly deliver: Deliver;
  readonly now: Date;
  /** Aborted when this process can wait no longer. */
  readonly stopping: AbortSignal;
  readonly onFailure: (error: unknown, row: LeasedRow) => void;
}

/** One attempt to deliver one message. Never throws, and never takes much longer than it may. */
export async function attempt(row: LeasedRow, { payloads, deliver, now, stopping, onFailure }: AttemptParts): Promise<Delivery> {
  if (row.expiresAt <= now) return { kind: "never", problem: "its time ran out" };
  const message = row.encryptedPayload === null ? undefined : payloads.open(row.encryptedPayload, row.id);
  // Somebody may have started one process with another SECRET; those with the right one can still send it.
  if (message === undefined) return { kind: "later", problem: "no value of SECRET opens it" };
  const { id, createdAt } = row;
  try {
    return await inTime((signal) => deliver(message, { id, createdAt, signal }), stopping);
  } catch (error) {
    onFailure(error, row);
    return { kind: "later", problem: "the attempt failed" };
  }
}

/** Tells the work when its time is over, and leaves it a moment later. */
async function inTime(work: (signal: AbortSignal) => Promise<Delivery>, stopping: AbortSignal): Promise<Delivery> {
  const time = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  const end = () => time.abort();
  const whole = setTimeout(end, ATTEMPT_MILLISECONDS);
  const left = new Promise<Delivery>((resolve) => {
    time.signal.addEventListener("abort", () => {
      grace = setTimeout(() => resolve({ kind: "later", problem: "there was no answer in time" }), GRACE_MILLISECONDS);
    });
  });
  stopping.addEventListener("abort", end);
  if (stopping.aborted) end();
  try {
    return await Promise.race([work(time.signal), left]);
  } finally {
    clearTimeout(whole);
    clearTimeout(grace);
    stopping.removeEventListener("abort", end);
  }
}
