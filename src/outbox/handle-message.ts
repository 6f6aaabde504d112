import { addSeconds, type Clock } from "../core/clock.ts";
import type { Database } from "../database/database.ts";
import { attempt } from "./attempt.ts";
import type { Deliver, Delivery } from "./delivery.ts";
import type { Payloads } from "./outbox.ts";
import { finishMessage, type LeasedRow, rescheduleMessage } from "./outbox-queue-store.ts";
import { secondsUntilRetry } from "./retries.ts";

/** How often the outcome is written where the database is out of reach: what is not noted is sent twice. */
const NOTING_TRIES = 3;
const NOTING_PAUSE_MILLISECONDS = 500;

/** `retried`: it failed, and will be tried again. */
export type Outcome = "sent" | "kept" | "retried" | "dead";

export interface CourierParts {
  readonly database: Database;
  readonly payloads: Payloads;
  readonly clock: Clock;
  readonly deliver: Deliver;
  /** A random number from 0 up to 1. */
  readonly chance: () => number;
  /** Called with each outcome, after it has been noted. */
  readonly onOutcome: (outcome: Outcome, message: Pick<LeasedRow, "id" | "channel" | "topic"> & { readonly problem?: string }) => void;
  /** Called with what nobody expects: a database out of reach, a delivery that throws. */
  readonly onFailure: (error: unknown, row?: Pick<LeasedRow, "id" | "channel" | "topic">) => void;
}

/** Tries once, and notes what became of it. Never throws. */
export async function handleMessage(row: LeasedRow, parts: CourierParts, stopping: AbortSignal): Promise<void> {
  const delivery = await attempt(row, { ...parts, now: parts.clock(), stopping });
  const verdict = judge(row, delivery, { now: parts.clock(), chance: parts.chance(), wasCutOff: stopping.aborted });
  for (let tries = 1; ; tries += 1) {
    try {
      await note(row, verdict, parts);
      break;
    } catch (error) {
      parts.onFailure(error, row);
      // Its lease brings it back.
      if (tries === NOTING_TRIES || stopping.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, NOTING_PAUSE_MILLISECONDS));
    }
  }
  const { id, channel, topic } = row;
  parts.onOutcome(verdict.outcome, { id, channel, topic, ...(verdict.problem !== undefined && { problem: verdict.problem }) });
}

type Verdict =
  | { readonly outcome: "sent" | "kept"; readonly problem?: never }
  | { readonly outcome: "dead"; readonly problem: string }
  | { readonly outcome: "retried"; readonly problem: string; readonly at: Date };

/** Decides what follows from one attempt. A message whose next attempt would come after its time is given up at once. */
function judge(row: LeasedRow, delivery: Delivery, { now, chance, wasCutOff }: { now: Date; chance: number; wasCutOff: boolean }): Verdict {
  if (delivery.kind === "sent" || delivery.kind === "kept") return { outcome: delivery.kind };
  const { problem } = delivery;
  if (delivery.kind === "never") return { outcome: "dead", problem };
  // Restarting a process is nobody's failure.
  const seconds = wasCutOff ? 0 : secondsUntilRetry(row.attempts, chance);
  const at = seconds === undefined ? undefined : addSeconds(now, seconds);
  return at === undefined || at >= row.expiresAt ? { outcome: "dead", problem } : { outcome: "retried", problem, at };
}

async function note(row: LeasedRow, verdict: Verdict, { database, clock }: CourierParts): Promise<void> {
  const { id, attempts } = row;
  if (verdict.outcome === "retried") {
    await rescheduleMessage(database, { id, attempts, at: verdict.at, problem: verdict.problem });
    return;
  }
  const state = ({ sent: "SENT", kept: "KEPT", dead: "DEAD" } as const)[verdict.outcome];
  await finishMessage(database, { id, state, now: clock(), problem: verdict.problem ?? null });
}
