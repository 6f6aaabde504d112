import { explainFailure } from "./explain-failure.ts";

/** Runs a command; a failure is told without a stack where its operator can mend it, and the exit code is 1. */
export function exitOnFailure(command: () => Promise<void>): void {
  command().catch((error: unknown) => {
    process.stderr.write(`${explainFailure(error)}\n`);
    process.exit(1);
  });
}
