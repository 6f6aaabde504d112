#!/usr/bin/env node
import { exitOnFailure } from "../start/exit-on-failure.ts";
import { loadCommands } from "./commands.ts";
import { readInvocation } from "./invocation.ts";

const WRONG_USAGE = 2;

async function main(words: readonly string[]): Promise<void> {
  const invocation = readInvocation(await loadCommands(words), words);
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
