import { readFileSync } from "node:fs";
import { StartupError } from "../auth/errors.ts";

/** A file that a variable names. Throws a StartupError that names both. */
export function readOperatorsFile(variable: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new StartupError(`${variable} cannot be read: ${path}`, { cause });
  }
}
