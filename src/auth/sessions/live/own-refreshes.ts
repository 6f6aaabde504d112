import type { SessionEvent } from "./session-changes.ts";

/**
 * A stream without the refreshes of the session that listens: whoever has a copy of its tokens would learn when to present the old one.
 * No generator: leaving one that waits would not end before the next event.
 */
export function withoutRefreshesOf(
  sessionId: string | undefined,
  events: AsyncIterableIterator<SessionEvent>,
): AsyncIterableIterator<SessionEvent> {
  async function next(): Promise<IteratorResult<SessionEvent>> {
    for (;;) {
      const taken = await events.next();
      if (taken.done === true || taken.value.type !== "REFRESHED" || taken.value.session.id !== sessionId) return taken;
    }
  }

  async function leave(): Promise<IteratorResult<SessionEvent>> {
    await events.return?.();
    return { done: true, value: undefined };
  }

  const others: AsyncIterableIterator<SessionEvent> = { next, return: leave, [Symbol.asyncIterator]: () => others };
  return others;
}
