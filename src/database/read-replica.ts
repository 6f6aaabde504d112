import { isDatabaseUnavailable, isStatementGivenUp } from "./unavailable.ts";
import type { Statement } from "./wire/driver.ts";

/** A read replica gave no answer; the database itself may well be there. */
class LostReplicaError extends Error {
  override readonly name = "LostReplicaError";

  constructor(cause: unknown) {
    super("The read replica did not answer.", { cause });
  }
}

export function isReplicaLost(error: unknown): boolean {
  return error instanceof Error && (error instanceof LostReplicaError || isReplicaLost(error.cause));
}

type Run = (statement: Statement) => void;

/** Says of what fails for want of the replica that it does, and hears of what is answered. */
export function watchReplica(run: Run, onAnswer: () => void): Run {
  return (statement) => {
    const { resolve, reject } = statement;
    statement.resolve = (result) => {
      onAnswer();
      resolve(result);
    };
    statement.reject = (error) => reject(isDatabaseUnavailable(error) && !isStatementGivenUp(error) ? new LostReplicaError(error) : error);
    run(statement);
  };
}
