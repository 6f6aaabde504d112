import type { Logger } from "pino";
import type { LimitStoreOptions } from "../auth/limits/limit-stores.ts";
import { ConfigError } from "../config/config-error.ts";
import { type Limits, limitsExample } from "../config/limits.ts";
import { type AuthGraph, buildAuthGraph } from "../graphql/schema.ts";

/** The graph with the operator's limits. Throws a ConfigError for limits of fields that it does not have: they would limit nothing. */
export async function buildLimitedGraph(limits: Limits): Promise<AuthGraph> {
  const graph = await buildAuthGraph(limits);
  const unknown = [...limits.keys()].filter((name) => name.includes(".") && !graph.rootFields.has(name));
  if (unknown.length === 0) return graph;
  const problem = "is no field of the types Query, Mutation and Subscription.";
  throw new ConfigError(unknown.map((name) => ({ variable: `gateway.yaml: limits.${name}`, problem, example: limitsExample })));
}

export function logLimitStoreChange(logger: Logger): LimitStoreOptions["onStoreChange"] {
  return (change) => {
    if (change.isAway) logger.warn({ err: change.error }, "Redis is out of reach; each process counts calls in its own memory");
    else logger.info("Redis is back; calls are counted there");
  };
}
