import type { AuditEvent } from "../auth/audit/audit-events.ts";
import { endedSessionOf } from "../auth/audit/ended-session.ts";
import { callHook } from "./call-hook.ts";
import type { HookOptions } from "./deciding-hooks.ts";
import type { HookLogin, HookSessionEnd, Hooks } from "./hooks.ts";

/** The hooks that are notified of what has happened. */
export interface NotifiedHooks {
  /** Takes every event after its commit, and notifies the hook that is for it. */
  heed(event: AuditEvent): void;
  /** Notifies no more; waits for what is under way, no longer than any hook may take. */
  stop(): Promise<void>;
}

interface Notification {
  readonly hook: "afterLogin" | "onSessionEnded";
  readonly call: () => unknown;
}

const MAXIMUM_UNDER_WAY = 20;
/** At most so many events wait: whoever disables a user may end a hundred thousand sessions at once. */
const MAXIMUM_WAITING = 1000;

export function createNotifiedHooks(hooks: Hooks, { timeoutMilliseconds, onProblem }: HookOptions): NotifiedHooks {
  const waiting: Notification[] = [];
  const underWay = new Set<Promise<void>>();
  let isOverrun = false;

  async function notify({ hook, call }: Notification): Promise<void> {
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
      const notified = notify(next).finally(() => {
        underWay.delete(notified);
        advance();
      });
      underWay.add(notified);
    }
    if (waiting.length === 0) isOverrun = false;
  }

  /** One problem for each time that it happens, not for each event. */
  function leaveOut(hook: Notification["hook"]): void {
    if (!isOverrun) onProblem({ hook, error: new Error("It is too slow for what happens: some events are left out.") });
    isOverrun = true;
  }

  return {
    heed(event) {
      const notification = notificationOf(event, hooks);
      if (notification === undefined) return;
      if (waiting.length >= MAXIMUM_WAITING) return leaveOut(notification.hook);
      waiting.push(notification);
      advance();
    },
    async stop() {
      waiting.length = 0;
      await Promise.all(underWay);
    },
  };
}

function notificationOf(event: AuditEvent, { afterLogin, onSessionEnded }: Hooks): Notification | undefined {
  const { type, id, occurredAt, userId, sessionId, ipAddress, userAgent } = event;
  if (userId === null || sessionId === null) return undefined;
  const facts: HookLogin = { id, occurredAt: new Date(occurredAt), userId, sessionId, ipAddress, userAgent };
  if (type === "LOGIN_SUCCEEDED") return afterLogin && { hook: "afterLogin", call: () => afterLogin(Object.freeze(facts)) };
  const end = onSessionEnded && endedSessionOf(event);
  if (end === undefined) return undefined;
  const sessionEnd: HookSessionEnd = Object.freeze({ ...facts, reason: end.endReason });
  return { hook: "onSessionEnded", call: () => onSessionEnded?.(sessionEnd) };
}
