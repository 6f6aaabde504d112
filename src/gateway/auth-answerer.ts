import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute, type GraphQLSchema } from "graphql";
import type { RequestContext } from "../graphql/context.ts";
import { mapEvents } from "../graphql/map-events.ts";
import type { PublicErrors } from "../graphql/public-errors.ts";
import type { Answerer } from "./upstreams/upstream.ts";

/** The name of the graph in this process, beside those of the upstreams. */
export const AUTH_GRAPH = "auth";

/**
 * The auth graph, in this process: with the request's own context, so that cookies, limits and the guard work as they do without a
 * gateway. Its errors are public when they leave it; what else goes wrong with them later is not its own.
 */
export function createAuthAnswerer(schema: GraphQLSchema, publicErrors: Pick<PublicErrors, "ofExecution">): Answerer {
  function publish(result: ExecutionResult, { requestId }: RequestContext): ExecutionResult {
    return result.errors === undefined
      ? result
      : { ...result, errors: result.errors.map((error) => publicErrors.ofExecution(error, requestId)) };
  }

  async function run(
    args: Pick<ExecutionArgs, "document" | "variableValues" | "rootValue">,
    context: RequestContext,
  ): Promise<ExecutionResult> {
    return publish(await execute({ schema, contextValue: context, ...args }), context);
  }

  return {
    name: AUTH_GRAPH,
    execute: ({ document, variables }, context) => run({ document, variableValues: variables }, context),
    async subscribe({ document, variables }, context) {
      const source = await createSourceEventStream({ schema, document, variableValues: variables, contextValue: context });
      if (!(Symbol.asyncIterator in source)) return publish(source, context);
      return mapEvents<unknown, ExecutionResult>(source, {
        map: (event) => run({ document, rootValue: event, variableValues: variables }, context),
        fail(error) {
          throw error;
        },
      });
    },
  };
}
