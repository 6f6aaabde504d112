/**
 * A stream made of another. No generator: one that waits for its source cannot be ended before the next event arrives, and
 * whoever leaves would stay subscribed until then. `map` ends the stream by answering undefined; a source that fails says so last.
 */
export function mapEvents<Event, Result>(
  source: AsyncIterable<Event>,
  { map, fail }: { map(event: Event): Promise<Result | undefined>; fail(error: unknown): Result },
): AsyncIterableIterator<Result> {
  const iterator = source[Symbol.asyncIterator]();
  const end: IteratorResult<Result> = { done: true, value: undefined };
  let hasFailed = false;

  async function leave(): Promise<IteratorResult<Result>> {
    await iterator.return?.();
    return end;
  }

  async function next(): Promise<IteratorResult<Result>> {
    if (hasFailed) return end;
    try {
      const taken = await iterator.next();
      if (taken.done === true) return end;
      const value = await map(taken.value);
      return value === undefined ? leave() : { done: false, value };
    } catch (error) {
      hasFailed = true;
      await iterator.return?.();
      return { done: false, value: fail(error) };
    }
  }

  const results: AsyncIterableIterator<Result> = { next, return: leave, [Symbol.asyncIterator]: () => results };
  return results;
}
