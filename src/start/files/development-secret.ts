import { randomBytes } from "node:crypto";
import { linkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartupError } from "../../core/errors.ts";
import { readOperatorsFile } from "./operators-file.ts";

const MINIMUM_LENGTH = 32;

/**
 * The `SECRET` of a development machine: made once, kept beside the data that it encrypts, readable by its owner only; the folder is there.
 * It is written aside and then linked into place, so that processes that start together all read the first one's, and whole.
 */
export function developmentSecret(directory: string): string {
  const path = join(directory, "secret");
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!exists) throw error;
  } finally {
    rmSync(draft);
  }
  const secret = readOperatorsFile("SECRET is not set, and the one of an earlier start", path).trim();
  if (secret.length >= MINIMUM_LENGTH) return secret;
  throw new StartupError(`${path} is damaged; put the old secret back into it, or set SECRET.`);
}
