import { completeConnectionString } from "../../database/connection-string/connection-variables.ts";
import type { ConfigProblem } from "../values/config-error.ts";
import { type Environment, setting } from "./environment.ts";

export interface CompletedEnvironment {
  readonly env: Environment;
  readonly problems: readonly ConfigProblem[];
}

/** Puts what the connection strings leave out into them, from the variables that PostgreSQL's own library reads. */
export function completeConnectionStrings(env: Environment): CompletedEnvironment {
  const urls: Record<string, string> = {};
  const problems = new Map<string, ConfigProblem>();
  for (const name of ["DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_READ_URL"]) {
    const written = setting(env, name);
    if (written === undefined) continue;
    const completed = completeConnectionString(written, (variable) => setting(env, variable));
    urls[name] = completed.url;
    for (const { variable, problem } of completed.problems) {
      problems.set(variable, { variable, problem: `completes ${name}, whose ${problem}`, example: `unset ${variable}` });
    }
  }
  return { env: { ...env, ...urls }, problems: [...problems.values()] };
}
