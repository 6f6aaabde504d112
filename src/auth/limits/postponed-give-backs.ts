import { withDeadline } from "../../core/deadline.ts";

/** One call, in the slot that it was counted in. */
export interface CountedCall {
  readonly key: string;
  /** In milliseconds since 1970. */
  readonly slot: number;
}

/** Calls that are to be taken back out of their slots, kept until a statement takes them along. */
export interface PostponedGiveBacks {
  add(calls: readonly CountedCall[]): void;
  /**
   * Runs a statement that judges `keys` and first gives back what it is handed: everything that waits. What another one has taken
   * along for one of these keys is waited for, so that nobody is judged by a count that this process knows to be too high.
   * What a failed statement has taken along is lost to its callers until it leaves their windows: sent again, it might count twice.
   */
  takeAlong<Result>(keys: readonly string[], statement: (calls: readonly CountedCall[]) => Promise<Result>): Promise<Result>;
  /** Gives back at once what waits, and from then on whatever comes. Waits for it, but not for a database that is silent. */
  close(): Promise<void>;
}

/** What no other statement has taken along until then goes alone, so that other processes need not wait for it longer. */
const LONGEST_DELAY_MILLISECONDS = 250;
/** So many calls go at once: a statement locks a row for each, and memory is bounded. */
const MAXIMUM_CALLS = 64;
/** What takes longer is waited for no more: the database is silent, or holds a row for so long that nobody knows the count. */
const LONGEST_WAIT_MILLISECONDS = 1000;

interface Carrier {
  readonly keys: ReadonlySet<string>;
  readonly settled: Promise<unknown>;
}

/** `giveBack` is the statement for what nobody takes along. */
export function createPostponedGiveBacks(giveBack: (calls: readonly CountedCall[]) => Promise<unknown>): PostponedGiveBacks {
  const underWay = new Set<Carrier>();
  let waiting: CountedCall[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function carry<Result>(statement: (calls: readonly CountedCall[]) => Promise<Result>): Promise<Result> {
    const calls = waiting;
    waiting = [];
    clearTimeout(timer);
    timer = undefined;
    const work = statement(calls);
    if (calls.length === 0) return work;
    const settled = withDeadline(work, LONGEST_WAIT_MILLISECONDS)
      .catch(nothing)
      .finally(() => underWay.delete(carrier));
    const carrier: Carrier = { keys: new Set(calls.map(({ key }) => key)), settled };
    underWay.add(carrier);
    return work;
  }

  async function flush(): Promise<void> {
    if (waiting.length > 0) await carry(giveBack).catch(nothing);
  }

  function findCarrier(keys: readonly string[]): Carrier | undefined {
    for (const carrier of underWay) if (keys.some((key) => carrier.keys.has(key))) return carrier;
    return undefined;
  }

  return {
    add(calls) {
      waiting.push(...calls);
      if (isClosed || waiting.length >= MAXIMUM_CALLS) void flush();
      else timer ??= setTimeout(flush, LONGEST_DELAY_MILLISECONDS).unref();
    },
    async takeAlong(keys, statement) {
      for (let carrier = findCarrier(keys); carrier !== undefined; carrier = findCarrier(keys)) await carrier.settled;
      return carry(statement);
    },
    async close() {
      isClosed = true;
      void flush();
      await Promise.all([...underWay].map(({ settled }) => settled));
    },
  };
}

const nothing = () => undefined;
