import { types } from "node:util";
import { withDeadline } from "../core/deadline.ts";

/**
 * Calls the operator's code and reads its answer, both within the time. Rejects with an Error whatever it does: throws at once or later,
 * something that is no error, settles never or twice, answers with what cannot be read. What blocks the process cannot be stopped.
 */
export async function callHook<Result>(call: () => unknown, read: (answer: unknown) => Result, milliseconds: number): Promise<Result> {
  try {
    // Called a moment later, so that a throw is a rejection; a thenable's `then` is called in a moment of its own, too.
    return read(await withDeadline(Promise.resolve().then(call), milliseconds));
  } catch (thrown) {
    throw types.isNativeError(thrown) ? thrown : new Error("The hook threw something that is no error.");
  }
}
