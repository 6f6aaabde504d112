import { ConfigError } from "../values/config-error.ts";
import { findConflicts } from "./config-rules.ts";
import { completeConnectionStrings } from "./connection-strings.ts";
import { type Environment, readVariables } from "./environment.ts";
import type { VariableValues } from "./variables.ts";

export interface DatabaseConfig {
  /** Undefined: the embedded PostgreSQL. */
  readonly url: string | undefined;
  /** Where they differ: without a transaction pooler, and a replica for what is only listed. */
  readonly directUrl: string | undefined;
  readonly readUrl: string | undefined;
  /** Where everything of ours is. */
  readonly schema: string;
  readonly poolSize: number;
  /** Undefined: as the URL says. */
  readonly preparesStatements: false | undefined;
}

export function toDatabaseConfig(values: VariableValues): DatabaseConfig {
  return {
    url: values.DATABASE_URL,
    directUrl: values.DATABASE_DIRECT_URL,
    readUrl: values.DATABASE_READ_URL,
    schema: values.DATABASE_SCHEMA,
    poolSize: values.DATABASE_POOL_SIZE,
    preparesStatements: values.DATABASE_PREPARED_STATEMENTS === "off" ? false : undefined,
  };
}

/** For whatever needs a database and nothing else: no other variable has to be set, or right. Throws a `ConfigError`. */
export function parseDatabaseConfig(env: Environment): DatabaseConfig {
  const completed = completeConnectionStrings(env);
  const read = readVariables(completed.env);
  const isOfDatabase = (name: string) => name === "NODE_ENV" || name.startsWith("DATABASE_");
  const own = [...read.problems, ...findConflicts(read)].filter(({ variable }) => isOfDatabase(variable));
  const problems = [...completed.problems, ...own];
  if (problems.length > 0) throw new ConfigError(problems);
  return toDatabaseConfig(read.values);
}
