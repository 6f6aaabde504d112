#!/usr/bin/env node
import { exitOnFailure } from "../start/exit-on-failure.ts";
import { createAdmin } from "./create-admin.ts";
import { explain } from "./explain.ts";
import { readInvocation } from "./invocation.ts";
import { migrate } from "./migrate.ts";
import { printAccess } from "./print-access.ts";
import { printSchema } from "./print-schema.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { setPassword } from "./set-password.ts";

const WRONG_USAGE = 2;

async function main(words: readonly string[]): Promise<void> {
  const invocation = readInvocation([createAdmin, setPassword, rotateKeys, migrate, printSchema, explain, printAccess], words);
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
