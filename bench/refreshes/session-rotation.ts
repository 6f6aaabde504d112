import type { Caller } from "../machine/load.ts";
import { refreshBody, successorIn } from "../scenarios.ts";
import type { SessionRows } from "./session-rows.ts";

/** Rotates the sessions of a table in no order, each with the token of its last rotation. */
export interface Rotator {
  /** One for each connection; no two of them ever use one session. */
  openCallers(): readonly Caller[];
  /** Rotations that were answered. */
  readonly rotations: number;
}

export function createRotator(rows: SessionRows, connections: number): Rotator {
  const tokens = new Map<number, string>();
  /** Whoever did not get the answer cannot go on: the session may have rotated. */
  const unanswered = new Set<number>();
  const size = Math.floor(rows.count / connections);
  let rotations = 0;

  function pick(stripe: number): number {
    for (;;) {
      const number = stripe * size + Math.floor(Math.random() * size);
      if (!unanswered.has(number)) return number;
    }
  }

  function openCaller(stripe: number): Caller {
    let current = -1;
    const takeNext = () => {
      current = pick(stripe);
      unanswered.add(current);
      return refreshBody(tokens.get(current) ?? rows.tokenOf(current));
    };
    return {
      body: takeNext(),
      next(answer) {
        const successor = successorIn(answer);
        if (successor === undefined) return undefined;
        rotations += 1;
        unanswered.delete(current);
        tokens.set(current, successor);
        return takeNext();
      },
    };
  }

  return {
    openCallers: () => Array.from({ length: connections }, (_, stripe) => openCaller(stripe)),
    get rotations() {
      return rotations;
    },
  };
}
