import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The `SECRET` of a development machine: made once, kept beside the data that it encrypts, readable by its owner only.
 * Exclusive creation decides between processes that start together.
 */
export function developmentSecret(directory: string): string {
  const path = join(directory, "secret");
  mkdirSync(directory, { recursive: true });
  try {
    writeFileSync(path, `${randomBytes(32).toString("base64url")}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!exists) throw error;
  }
  return readFileSync(path, "utf8").trim();
}
