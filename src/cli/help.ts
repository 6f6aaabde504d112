import type { Command } from "./parts/command.ts";

const PROGRAM = "graphql-auth-gateway";

const LONGEST_SYNOPSIS = 60;

const exitCodes = `Exit codes: 0 done; 1 failed, and standard error says why; 2 wrong usage.`;

const passwordSource = `The password is the first line of standard input where that is piped or a file; at a terminal you are asked for it
twice, without echo. It is never an argument, because the list of processes and the history of the shell would show it. The rules are
those of registration.`;

export const noPasswordArgument = `A password is never an argument, because the list of processes and the history of the shell show it.
Pipe it in, or type it when you are asked; if you have just given one away, take another.`;

export function describeProgram(commands: readonly Command[]): string {
  const lines = alignColumns(commands.map((command) => [shortSynopsis(command), command.summary]));
  return `${PROGRAM}: operates the auth server from a shell

${usage()}

Commands:
${lines.join("\n")}

All but print-schema read the configuration that a server in this folder would read: environment variables, .env, and gateway.yaml; explain
and print-access need none of the variables.
\`${PROGRAM} COMMAND --help\` tells more about one of them; in a checkout, \`npm run cli -- COMMAND\` runs it.

${exitCodes}
`;
}

export function describeCommand(command: Command): string {
  const valued = Object.entries(command.options ?? {}).map(([name, { value, summary }]) => [`--${name} ${value}`, summary] as const);
  const flags = Object.entries({ ...command.flags, help: "Shows this." }).map(([name, summary]) => [`--${name}`, summary] as const);
  const options = alignColumns([...valued, ...flags]);
  const password = command.takesPassword ? [passwordSource] : [];
  const explained = [command.summary, command.description, ...password, `Options:\n${options.join("\n")}`, exitCodes];
  return `${[usage(command), ...explained].join("\n\n")}\n`;
}

export function usage(command?: Command): string {
  return `Usage: ${PROGRAM} ${command === undefined ? "COMMAND [--help]" : synopsis(command)}`;
}

function synopsis(command: Command): string {
  const valued = Object.entries(command.options ?? {}).map(([name, { value }]) => `[--${name} ${value}]`);
  const flags = Object.keys(command.flags).map((name) => `[--${name}]`);
  return [command.name, ...valued, ...flags, ...command.arguments].join(" ");
}

/** For lists: whoever has many options shows them in its own help. */
function shortSynopsis(command: Command): string {
  const whole = synopsis(command);
  return whole.length <= LONGEST_SYNOPSIS ? whole : [command.name, "[OPTIONS]", ...command.arguments].join(" ");
}

function alignColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
}
