import { type ParseArgsConfig, parseArgs } from "node:util";
import { describeCommand, describeProgram, noPasswordArgument, usage } from "./help.ts";
import type { Command, Given } from "./parts/command.ts";

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "mistake"; readonly text: string }
  | { readonly kind: "run"; readonly command: Command; readonly given: Given };

const UNKNOWN_OPTIONS = "Only the options in its help are known, and they take values only where it shows one.";

/** Mistakes never quote what was typed: it may be a password. */
export function readInvocation(commands: readonly Command[], words: readonly string[]): Invocation {
  const [name, ...rest] = words;
  if (name === "--help" || name === "-h") return { kind: "help", text: describeProgram(commands) };
  if (name === "help") return readHelp(commands, rest);
  const command = commands.find((each) => each.name === name);
  if (command === undefined) return mistake(name === undefined ? "A command is missing." : "There is no such command.", commands);
  return readCommand(command, rest);
}

function readHelp(commands: readonly Command[], [name, ...rest]: readonly string[]): Invocation {
  if (name === undefined) return { kind: "help", text: describeProgram(commands) };
  const command = commands.find((each) => each.name === name);
  if (command === undefined || rest.length > 0) return mistake("There is no help on that.", commands);
  return { kind: "help", text: describeCommand(command) };
}

function readCommand(command: Command, words: readonly string[]): Invocation {
  const parsed = parseWords(command, words);
  if (parsed === undefined) return tooMuch(command, UNKNOWN_OPTIONS);
  if (parsed.values.help === true) return { kind: "help", text: describeCommand(command) };
  const wanted = command.arguments.length;
  const { positionals } = parsed;
  if (positionals.length < wanted) return wrongUse(command, [`${command.arguments[positionals.length]} is missing.`]);
  if (positionals.length > wanted) return tooMuch(command, "There are too many arguments.");
  const given = Object.entries(parsed.values);
  const flags = new Set(given.flatMap(([name, value]) => (value === true ? [name] : [])));
  const options = new Map(given.flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : [])));
  return { kind: "run", command, given: { arguments: positionals, flags, options } };
}

function parseWords(command: Command, words: readonly string[]) {
  const options: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean", short: "h" } };
  for (const name of Object.keys(command.flags)) options[name] = { type: "boolean" };
  for (const name of Object.keys(command.options ?? {})) options[name] = { type: "string" };
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    // Its message quotes.
    if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_")) return undefined;
    throw error;
  }
}

/** What is too much may be a password. */
function tooMuch(command: Command, problem: string): Invocation {
  return wrongUse(command, command.takesPassword ? [problem, noPasswordArgument] : [problem]);
}

function wrongUse(command: Command, problems: readonly string[]): Invocation {
  return { kind: "mistake", text: `${[...problems, usage(command)].join("\n")}\n` };
}

function mistake(problem: string, commands: readonly Command[]): Invocation {
  return { kind: "mistake", text: `${problem}\n\n${describeProgram(commands)}` };
}
