import type { Command } from "./command.ts";

const PROGRAM = "graphql-auth-gateway";

const exitCodes = `Exit codes: 0 done; 1 failed, and standard error says why; 2 wrong usage.`;

const passwordSource = `The password is the first line of standard input where that is piped or a file; at a terminal you are asked for it twice, without
echo. It is never an argument, because the list of processes and the history of the shell would show it. The rules are those of registration.`;

export const noPasswordArgument = `A password is never an argument, because the list of processes and the history of the shell show it.
Pipe it in, or type it when you are asked; if you have just given one away, take another.`;

export function describeProgram(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => synopsis(command).length)) + 2;
  const lines = commands.map((command) => `  ${synopsis(command).padEnd(width)}${command.summary}`);
  return `${PROGRAM}: operates the auth server from a shell

${usage()}

Commands:
${lines.join("\n")}

All but print-schema read the configuration that a server in this folder would read: environment variables, and gateway.yaml.
\`${PROGRAM} COMMAND --help\` tells more about one of them; in a checkout, \`npm run cli -- COMMAND\` runs it.

${exitCodes}
`;
}

export function describeCommand(command: Command): string {
  const flags = { ...command.flags, help: "Shows this." };
  const options = Object.entries(flags).map(([name, summary]) => `  ${`--${name}`.padEnd(14)}${summary}`);
  const password = command.takesPassword ? [passwordSource] : [];
  return `${[usage(command), command.summary, command.description, ...password, `Options:\n${options.join("\n")}`, exitCodes].join("\n\n")}\n`;
}

export function usage(command?: Command): string {
  return `Usage: ${PROGRAM} ${command === undefined ? "COMMAND [--help]" : synopsis(command)}`;
}

function synopsis(command: Command): string {
  const flags = Object.keys(command.flags).map((name) => `[--${name}]`);
  return [command.name, ...flags, ...command.arguments].join(" ");
}
