import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import type { RefusedCall } from "../auth/limits/call-limits.ts";
import type { LimitStoreOptions } from "../auth/limits/limit-stores.ts";
import type { Config } from "../config/config.ts";
import { sections } from "../config/file/sections.ts";
import { ConfigError } from "../config/values/config-error.ts";
import { listRootFields } from "../graphql/limits/limit-table.ts";
import { problemOf } from "../telemetry/logger.ts";

/** Throws a ConfigError for limits of fields that the schema does not have: they would limit nothing. */
export function refuseUnknownLimits(limits: Config["limits"], schema: GraphQLSchema): void {
  const rootFields = new Set(listRootFields(schema));
  const unknown = [...limits.keys()].filter((name) => name.includes(".") && !rootFields.has(name));
  if (unknown.length === 0) return;
  const problem = "is no field of the types Query, Mutation and Subscription.";
  const { example } = sections.limits;
  throw new ConfigError(unknown.map((name) => ({ variable: `gateway.yaml: limits.${name}`, problem, example })));
}

/** So many times as much as in production: nobody who tries things out is to wait an hour. */
const FACTOR_IN_DEVELOPMENT = 20;

export function limitFactorOf({ environment }: Pick<Config, "environment">): number {
  return environment === "production" ? 1 : FACTOR_IN_DEVELOPMENT;
}

/** One line for a caller and a window, however many calls there are; the audit log has those of credentials besides. */
export function logRefusals(logger: Logger): (refused: RefusedCall) => void {
  return ({ isFirst, setting, coordinate, userId, ipAddress }) => {
    if (isFirst) logger.info({ limit: `limits.${setting}`, coordinate, userId, ipAddress }, "calls are refused: a limit is reached");
  };
}

export function logLimitStoreChange(logger: Logger): LimitStoreOptions["onStoreChange"] {
  return (change) => {
    if (change.isAway)
      logger.warn({ problem: problemOf(change.error) }, "Redis is out of reach; each process counts calls in its own memory");
    else logger.info("Redis is back; calls are counted there");
  };
}
