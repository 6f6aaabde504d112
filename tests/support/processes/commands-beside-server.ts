import { expect } from "vitest";
import { ISSUER, TEST_SECRET, type TestGateway } from "../gateway.ts";
import { PASSWORD } from "../sign-in.ts";
import type { CommandResult } from "./command-host.ts";
import { runCommand } from "./command-line.ts";

export const NEW_PASSWORD = "another walk, in the hills";

/** Runs a command on the database of a running server. Whatever comes of it, no secret is in the output. */
export async function runBeside(
  gateway: TestGateway,
  words: readonly string[],
  input: string | Buffer = `${NEW_PASSWORD}\n`,
): Promise<CommandResult> {
  const result = await runCommand(words, { env: { DATABASE_URL: gateway.database.url, SECRET: TEST_SECRET, ISSUER }, input });
  const secrets = [NEW_PASSWORD, PASSWORD, "hunter2", "Password123", "$argon2", TEST_SECRET];
  for (const secret of secrets) expect(result.stdout + result.stderr).not.toContain(secret);
  return result;
}
