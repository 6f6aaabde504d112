import type { AuditEvent } from "../auth/audit/audit-events.ts";
import { endedSessionOf } from "../auth/audit/ended-session.ts";
import { callHook } from "./call-hook.ts";
import type { HookOptions } from "./deciding-hooks.ts";
import type { HookLogin, HookSessionEnd, Hooks } from "./hooks.ts";

/** The hooks that are told of what has happened. */
export interface TellingHooks {
  /** To be told of every event after its commit. */
  heed(event: AuditEvent): void;
  /** Tells nothing more; waits for what is under way, no longer than any hook may take. */
  stop(): Promise<void>;
}

interface Telling {
  readonly hook: "afterLogin" | "onSessionEnded";
  readonly call: () => unknown;
}

const MAXIMUM_UNDER_WAY = 20;
/** Somebody who disables a user may end a hundred thousand sessions at once. */
const MAXIMUM_WAITING = 1000;

export function createTellingHooks(hooks: Hooks, { timeoutMilliseconds, onProblem }: HookOptions): TellingHooks {
  const waiting: Telling[] = [];
  const underWay = new Set<Promise<void>>();
  let isOverrun = false;

  async function tell({ hook, call }: Telling): Promise<void> {
    try {
      await callHook(call, () => undefined, timeoutMilliseconds);
    } catch (error) {
      onProblem({ hook, error: error as Error });
    }
  }

  function advance(): void {
    while (underWay.size < MAXIMUM_UNDER_WAY) {
      const next = waiting.shift();
      if (next === undefined) break;
      const told = tell(next).finally(() => {
        underWay.delete(told);
        advance();
      });
      underWay.add(told);
    }
    if (waiting.length === 0) isOverrun = false;
  }

  /** One problem for each time that it happens, not for each event. */
  function leaveOut(hook: Telling["hook"]): void {
    if (!isOverrun) onProblem({ hook, error: new Error("It is too slow for what happens: some events are left out.") });
    isOverrun = true;
  }

  return {
    heed(event) {
      const telling = tellingOf(event, hooks);
      if (telling === undefined) return;
      if (waiting.length >= MAXIMUM_WAITING) return leaveOut(telling.hook);
      waiting.push(telling);
      advance();
    },
    async stop() {
      waiting.length = 0;
      await Promise.all(underWay);
    },
  };
}

function tellingOf(event: AuditEvent, { afterLogin, onSessionEnded }: Hooks): Telling | undefined {
  const { type, id, occurredAt, userId, sessionId, ipAddress, userAgent } = event;
  if (userId === null || sessionId === null) return undefined;
  const facts: HookLogin = { id, occurredAt: new Date(occurredAt), userId, sessionId, ipAddress, userAgent };
  if (type === "LOGIN_SUCCEEDED") return afterLogin && { hook: "afterLogin", call: () => afterLogin(Object.freeze(facts)) };
  const end = onSessionEnded && endedSessionOf(event);
  if (end === undefined) return undefined;
  const told: HookSessionEnd = Object.freeze({ ...facts, reason: end.endReason });
  return { hook: "onSessionEnded", call: () => onSessionEnded?.(told) };
}
