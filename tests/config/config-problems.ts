import { parseConfig } from "../../src/config/config.ts";
import { ConfigError, type ConfigProblem } from "../../src/config/values/config-error.ts";

export const secret = "tQ8vX2mB7nLr4KpZ9wYc6HsJ1dFg3AeU";

export const otherSecret = "Zk4Rw9Tb2Nv7Xc5Lm8Qp1Js6Hd3Gf0Ya";

/** What production takes. */
export const production = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://gateway:hunter2@db/gateway",
  SECRET: secret,
  PUBLIC_URL: "https://auth.acme.test",
};

export function problemsOf(env: Record<string, string | undefined>): readonly ConfigProblem[] {
  try {
    parseConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

export const variablesOf = (env: Record<string, string | undefined>) => problemsOf(env).map(({ variable }) => variable);
