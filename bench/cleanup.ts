export interface Cleanup {
  /** What was added last is undone first. */
  add(undo: () => unknown): void;
  /** Waits for something to start, and sees to its end also where we are told to stop meanwhile. */
  hold<Thing>(starting: Promise<Thing>, undo: (thing: Thing) => unknown): Promise<Thing>;
  run(): Promise<void>;
}

/** Undoes everything once, also what comes after a step that fails. */
export function createCleanup(): Cleanup {
  const undos: (() => unknown)[] = [];
  let running: Promise<void> | undefined;

  async function undoAll(): Promise<void> {
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`could not clean up: ${String(error)}\n`);
      }
    }
  }

  return {
    add(undo) {
      undos.push(undo);
    },
    hold(starting, undo) {
      undos.push(() => starting.then(undo, () => undefined));
      return starting;
    },
    async run() {
      running ??= undoAll();
      await running;
    },
  };
}
