/** The most events that wait here before their sender is asked to hold back. Events under way by then are still taken in. */
const MAXIMUM_WAITING = 8;

/** The sender of the events, which can be asked to hold back. */
export interface EventSender {
  /** Is to send nothing more for the moment. */
  hold(): void;
  /** May go on. */
  release(): void;
  /** Called when nobody listens any more. */
  leave(): void;
}

/** Events that are pushed by one side and taken by the other, which may be slower. */
export interface HeldEvents {
  readonly events: AsyncIterableIterator<unknown>;
  push(event: unknown): void;
  /** Ends the stream, after the events that wait. */
  end(): void;
  /** Ends the stream with an error, which is thrown once, after the events that wait. */
  fail(error: Error): void;
}

/** A Repeater (`@repeaterjs/repeater`) begins with the first `next`, and cannot tell its sender how much waits. */
export function holdEvents(sender: EventSender): HeldEvents {
  const end: IteratorResult<unknown> = { done: true, value: undefined };
  const waiting: unknown[] = [];
  let outcome: { readonly error?: Error } | undefined;
  let isHeld = false;
  let wake: () => void = () => undefined;

  function finish(how: { readonly error?: Error }): void {
    outcome ??= how;
    wake();
  }

  function take(): IteratorResult<unknown> {
    const value = waiting.shift();
    if (isHeld && waiting.length === 0) {
      isHeld = false;
      sender.release();
    }
    return { done: false, value };
  }

  async function next(): Promise<IteratorResult<unknown>> {
    while (waiting.length === 0 && outcome === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (waiting.length > 0) return take();
    const error = outcome?.error;
    outcome = {};
    if (error !== undefined) throw error;
    return end;
  }

  async function leave(): Promise<IteratorResult<unknown>> {
    waiting.length = 0;
    finish({});
    sender.leave();
    return end;
  }

  const events: AsyncIterableIterator<unknown> = { next, return: leave, [Symbol.asyncIterator]: () => events };
  return {
    events,
    push(event) {
      if (outcome !== undefined) return;
      waiting.push(event);
      if (!isHeld && waiting.length >= MAXIMUM_WAITING) {
        isHeld = true;
        sender.hold();
      }
      wake();
    },
    end: () => finish({}),
    fail: (error) => finish({ error }),
  };
}
