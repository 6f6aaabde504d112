import { appendFileSync, closeSync, constants, fstatSync, ftruncateSync, openSync, type Stats } from "node:fs";
import type { BadLine } from "../../auth/transfer/bad-line.ts";
import { CommandError } from "./command-error.ts";

export interface BadLineReport {
  /** A JSON object for each problem, on a line of its own. */
  add(bad: BadLine): void;
  close(): void;
}

/** Takes the place of what the file held, unless that is the file of users itself. */
export function openBadLineReport(path: string | undefined, users: Pick<Stats, "dev" | "ino">): BadLineReport {
  if (path === undefined) return { add: () => undefined, close: () => undefined };
  const file = openForWriting(path);
  const facts = fstatSync(file);
  if (facts.dev === users.dev && facts.ino === users.ino) {
    closeSync(file);
    throw new CommandError("--report names FILE itself. Nothing was changed.");
  }
  if (facts.isFile()) ftruncateSync(file);
  return {
    add({ line, problems }) {
      appendFileSync(file, problems.map((problem) => `${JSON.stringify({ line, ...problem })}\n`).join(""));
    },
    close: () => closeSync(file),
  };
}

/** Without emptying it yet. */
function openForWriting(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_CREAT);
  } catch (cause) {
    throw new CommandError(`--report cannot be written: ${path}`, { cause });
  }
}

/** As lines of text. */
export function describeBadLine({ line, problems }: BadLine): string {
  return problems.map(({ field, reason }) => `line ${line}: ${field === null ? "" : `${field}: `}${reason}\n`).join("");
}
