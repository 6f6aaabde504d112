import { parseArgs } from "node:util";
import { type ScenarioName, scenarioNames } from "./scenarios.ts";
import { type StudyName, studyNames } from "./studies.ts";

const benchmarkNames = [...scenarioNames, ...studyNames];

export interface Options {
  /** Empty: all of which something is promised. */
  readonly only: readonly (ScenarioName | StudyName)[];
  readonly seconds: number;
  readonly rounds: number;
}

const USAGE = `usage: npm run bench -- [${benchmarkNames.join("] [")}] [--seconds N] [--rounds N]`;

export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seconds: { type: "string", default: "3" }, rounds: { type: "string", default: "5" } },
  });
  const only = positionals.map((name) => benchmarkNames.find((known) => known === name) ?? refuse(`There is no benchmark "${name}".`));
  return { only, seconds: readPositive("seconds", values.seconds), rounds: readPositive("rounds", values.rounds) };
}

function readPositive(name: string, text: string): number {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : refuse(`--${name} is a whole number above zero.`);
}

function refuse(problem: string): never {
  throw new Error(`${problem}\n${USAGE}`);
}
