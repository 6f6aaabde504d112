/** Rejects where the work takes too long. The work itself goes on: nothing can be taken back from a network that is silent. */
export async function withDeadline<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    // Where this process itself was late, the answer may be there already: it is read before the verdict.
    timer = setTimeout(() => setImmediate(() => reject(new DeadlineError())), milliseconds);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  /** The code that operating systems use, so that it counts as "out of reach". */
  readonly code = "ETIMEDOUT";

  constructor() {
    super("There was no answer in time.");
  }
}
