import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { read } from "read";
import { CommandError } from "./command-error.ts";

/** Far more than a password may have. */
const MAXIMUM_BYTES = 65_536;

/** From standard input where that is no terminal, so that no command line ever holds it. */
export function readNewPassword(): Promise<string> {
  return process.stdin.isTTY ? askTwice() : readFirstLine(process.stdin);
}

async function askTwice(): Promise<string> {
  const password = await ask("New password:");
  if ((await ask("The same again:")) === password) return password;
  throw new CommandError("The two passwords differ. Nothing was changed.");
}

/** The prompt goes to standard error, which leaves standard output to the result; `terminal` keeps the echo off wherever that leads. */
async function ask(prompt: string): Promise<string> {
  const answer = read({ prompt, silent: true, terminal: true, output: process.stderr }).catch(() => undefined);
  // Ctrl-D closes the prompt without an answer, and `read` would never settle.
  const closed = once(process.stdin, "pause").then(() => nextTurn(undefined));
  const password = await Promise.race([answer, closed]);
  // Enter was not echoed either.
  process.stderr.write("\n");
  if (password === undefined || password === "") throw new CommandError("No password was entered. Nothing was changed.");
  return password;
}

async function readFirstLine(input: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    size += chunk.length;
    if (chunk.includes("\n") || size > MAXIMUM_BYTES) break;
  }
  const [line = ""] = decode(Buffer.concat(chunks)).split(/\r?\n/);
  if (line === "") throw new CommandError("The first line of standard input, which is to be the password, is empty. Nothing was changed.");
  return line;
}

function decode(bytes: Buffer): string {
  const end = bytes.indexOf("\n");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(end === -1 ? bytes : bytes.subarray(0, end + 1));
  } catch (cause) {
    throw new CommandError("The first line of standard input, which is to be the password, is not UTF-8. Nothing was changed.", { cause });
  }
}
