#!/usr/bin/env node
import { exitOnFailure } from "../start/exit-on-failure.ts";
import { createAdmin } from "./create-admin.ts";
import { endAllSessions } from "./end-all-sessions.ts";
import { explain } from "./explain.ts";
import { exportUsers } from "./export-users.ts";
import { importUsers } from "./import-users.ts";
import { readInvocation } from "./invocation.ts";
import { migrate } from "./migrate.ts";
import { printAccess } from "./print-access.ts";
import { printSchema } from "./print-schema.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { setPassword } from "./set-password.ts";

const WRONG_USAGE = 2;

const commands = [
  createAdmin,
  setPassword,
  endAllSessions,
  importUsers,
  exportUsers,
  rotateKeys,
  migrate,
  printSchema,
  explain,
  printAccess,
];

async function main(words: readonly string[]): Promise<void> {
  const invocation = readInvocation(commands, words);
  if (invocation.kind === "run") {
    process.stdout.write(await invocation.command.run(invocation.given));
    return;
  }
  if (invocation.kind === "help") {
    process.stdout.write(invocation.text);
    return;
  }
  process.stderr.write(invocation.text);
  process.exitCode = WRONG_USAGE;
}

exitOnFailure(() => main(process.argv.slice(2)));
