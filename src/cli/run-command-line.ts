import { loadCommands } from "./commands.ts";
import { readInvocation } from "./invocation.ts";

const WRONG_USAGE = 2;

/** Does what the words of a command line ask for. Mistakes in them are told, and leave the exit code at 2. */
export async function runCommandLine(words: readonly string[]): Promise<void> {
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
