/** Events on their way to one subscriber, who takes them one by one and may be slower than they come. */
export interface EventQueue<Event> {
  readonly events: AsyncIterableIterator<Event>;
  push(event: Event): void;
  /** What waits is still taken, unless the subscriber has left. */
  end(): void;
  fail(error: unknown): void;
}

interface Taker<Event> {
  resolve(result: IteratorResult<Event>): void;
  reject(error: unknown): void;
}

/**
 * Holds at most `limit` events; one more ends it, so that nobody's slowness fills the memory. `onEnd` is called once. It takes events
 * before the first is asked for. A Repeater (`@repeaterjs/repeater`) does not, and keeps 1024 more than its buffer holds.
 */
export function createEventQueue<Event>(limit: number, onEnd: () => void): EventQueue<Event> {
  const waiting: Event[] = [];
  const takers: Taker<Event>[] = [];
  let outcome: { readonly error?: unknown } | undefined;

  function finish(how: { readonly error?: unknown }): void {
    if (outcome !== undefined) return;
    outcome = how;
    for (const taker of takers.splice(0)) settle(taker);
    onEnd();
  }

  function settle(taker: Taker<Event>): void {
    if (outcome !== undefined && "error" in outcome) {
      taker.reject(outcome.error);
      outcome = {};
      return;
    }
    taker.resolve({ done: true, value: undefined });
  }

  function take(): Promise<IteratorResult<Event>> {
    return new Promise((resolve, reject) => {
      const taker = { resolve, reject };
      const value = waiting.shift();
      if (value !== undefined) resolve({ done: false, value });
      else if (outcome !== undefined) settle(taker);
      else takers.push(taker);
    });
  }

  function leave(): Promise<IteratorResult<Event>> {
    waiting.length = 0;
    finish({});
    return Promise.resolve({ done: true, value: undefined });
  }

  const events: AsyncIterableIterator<Event> = { next: take, return: leave, [Symbol.asyncIterator]: () => events };
  return {
    events,
    push(value) {
      if (outcome !== undefined) return;
      const taker = takers.shift();
      if (taker !== undefined) taker.resolve({ done: false, value });
      else if (waiting.length < limit) waiting.push(value);
      else finish({});
    },
    end: () => finish({}),
    fail: (error) => finish({ error }),
  };
}
