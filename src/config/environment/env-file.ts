import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ConfigError, type ConfigProblem } from "../values/config-error.ts";
import { similarName } from "../values/similar-names.ts";
import { variables } from "./variables.ts";

const NAME = ".env";
const assignment = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*=\s*(.*)$/;

/** A variable that this server does not know, and the one that was probably meant. */
export interface MistypedName {
  readonly name: string;
  readonly meant: string;
}

/**
 * Adds what `.env` of the folder says to the environment, whose own variables win: so this program and everything that it loads find it
 * there. Throws a ConfigError for a file that cannot be read or has lines that say nothing. Other programs' names are welcome there; what
 * is probably one of ours with a slip in it is returned.
 */
export function loadEnvFile(env: NodeJS.ProcessEnv, folder: string): readonly MistypedName[] {
  const text = readText(join(folder, NAME));
  if (text === undefined) return [];
  const { UV_THREADPOOL_SIZE, ...values } = parseEnv(text);
  const problems = [...strayLines(text), ...lateVariables(env, UV_THREADPOOL_SIZE)];
  if (problems.length > 0) throw new ConfigError(problems);
  for (const [name, value] of Object.entries(values)) {
    if (env[name] === undefined) env[name] = value;
  }
  return Object.keys(values).sort().flatMap(mistyped);
}

function mistyped(name: string): MistypedName[] {
  if (name in variables) return [];
  const meant = similarName(name, Object.keys(variables));
  return meant === undefined ? [] : [{ name, meant }];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code === "ENOENT") return undefined;
    throw new ConfigError([{ variable: NAME, problem: `cannot be read (${code}).`, example: "chmod u+r .env" }]);
  }
}

/** By number only: what stands there may be a secret. */
function strayLines(text: string): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  let openQuote: string | undefined;
  text.split(/\r?\n/).forEach((line, index) => {
    if (openQuote !== undefined) {
      if (line.includes(openQuote)) openQuote = undefined;
      return;
    }
    if (/^\s*(#|$)/.test(line)) return;
    const value = assignment.exec(line)?.[1];
    if (value === undefined) problems.push({ variable: `${NAME}, line ${index + 1},`, problem: "is no NAME=value.", example: "PORT=4000" });
    else openQuote = quoteLeftOpen(value);
  });
  if (openQuote !== undefined)
    problems.push({
      variable: NAME,
      problem: "has a quotation mark that is never closed.",
      example: 'MAIL_FROM="Acme <no-reply@example.com>"',
    });
  return problems;
}

/** Quoted values may go over several lines. */
function quoteLeftOpen(value: string): string | undefined {
  const quote = value.charAt(0);
  return /["'`]/.test(quote) && !value.slice(1).includes(quote) ? quote : undefined;
}

/** Node.js has made its threads by the time it reads a file. */
function lateVariables(env: NodeJS.ProcessEnv, threads: string | undefined): ConfigProblem[] {
  if (!threads || env.UV_THREADPOOL_SIZE !== undefined) return [];
  const problem = "comes too late in .env; set it in the environment itself.";
  return [{ variable: "UV_THREADPOOL_SIZE", problem, example: "UV_THREADPOOL_SIZE=8 npm start" }];
}
