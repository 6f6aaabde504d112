import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from "graphql";
import { AuthError } from "../core/errors.ts";
import { isPublicError } from "../graphql/public-errors.ts";
import type { ComposedGraph } from "./composition/composed-graph.ts";

/**
 * Executes what takes several graphs. All of them say in public what goes wrong with them; an error that is left comes from answers that
 * do not fit the schema, or each other.
 */
export async function executeComposed({ access }: ComposedGraph, args: Omit<ExecutionArgs, "schema">): Promise<ExecutionResult> {
  const result = await execute({ schema: access.schema, ...args });
  const { errors } = result;
  return errors === undefined ? result : { ...result, errors: errors.flatMap(separate).map(toPublic) };
}

/** Stitching throws what stands at one place together. */
function separate(error: GraphQLError): readonly GraphQLError[] {
  const { originalError, path = null } = error;
  if (!(originalError instanceof AggregateError)) return [error];
  return originalError.errors.map((each: unknown) =>
    each instanceof GraphQLError ? each : new GraphQLError("", { path, originalError: each as Error }),
  );
}

function toPublic(error: GraphQLError): GraphQLError {
  if (isPublicError(error)) return error;
  const originalError = new AuthError("UPSTREAM_UNAVAILABLE", { upstream: "several" }, { cause: error.originalError ?? error });
  return new GraphQLError(originalError.message, { nodes: error.nodes ?? null, path: error.path ?? null, originalError });
}
