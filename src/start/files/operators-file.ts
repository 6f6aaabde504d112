import { readFileSync } from "node:fs";
import { reasonOf } from "../../config/values/file-problems.ts";
import { StartupError } from "../../core/errors.ts";

/** A file that the operator has named: `subject` says where. Throws a StartupError that names both. */
export function readOperatorsFile(subject: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new StartupError(`${subject} cannot be read: ${path} (${reasonOf(cause)})`, { cause });
  }
}
