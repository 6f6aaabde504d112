/** When to read: regularly, and at once where there is something to read. One reading at a time, with a rest after each. */
export interface ReadingPace {
  /** To be called once, when a first reading has ended. */
  begin(): void;
  /** Somebody says that there is something new. While a reading is under way, or the rest after it, however many say so have one more. */
  hurry(): void;
  stop(): void;
}

/** A flood costs no more than a hundred readings a second, and what is announced waits no longer than this for the next one. */
const REST_MILLISECONDS = 10;

/** `read` never rejects; it says whether it has succeeded. Where it has not, it is not hurried again: the next one reads everything. */
export function createReadingPace(read: () => Promise<boolean>, everyMilliseconds: number): ReadingPace {
  let state: "busy" | "waiting" | "stopped" = "busy";
  let isWanted = false;
  let timer: NodeJS.Timeout | undefined;

  async function readNow(): Promise<void> {
    clearTimeout(timer);
    state = "busy";
    isWanted = false;
    const hasSucceeded = await read();
    if (!hasSucceeded) isWanted = false;
    rest();
  }

  function rest(): void {
    if (state !== "stopped") timer = setTimeout(wait, REST_MILLISECONDS);
  }

  function wait(): void {
    if (isWanted) {
      void readNow();
      return;
    }
    state = "waiting";
    timer = setTimeout(() => void readNow(), everyMilliseconds - REST_MILLISECONDS);
  }

  return {
    begin: rest,
    hurry() {
      isWanted = true;
      if (state === "waiting") void readNow();
    },
    stop() {
      state = "stopped";
      clearTimeout(timer);
    },
  };
}
