import { createSourceEventStream, type ExecutionResult, execute, type GraphQLSchema } from "graphql";
import { mapEvents } from "../graphql/map-events.ts";
import type { Answerer } from "./upstream.ts";

/** The name of the graph in this process, beside those of the upstreams. */
export const AUTH_GRAPH = "auth";

/** The auth graph, in this process: with the request's own context, so that cookies, limits and the guard work as they do without a gateway. */
export function createAuthAnswerer(schema: GraphQLSchema): Answerer {
  return {
    name: AUTH_GRAPH,
    execute: async ({ document, variables }, context) => execute({ schema, document, variableValues: variables, contextValue: context }),
    async subscribe({ document, variables }, context) {
      const source = await createSourceEventStream({ schema, document, variableValues: variables, contextValue: context });
      if (!(Symbol.asyncIterator in source)) return source;
      return mapEvents<unknown, ExecutionResult>(source, {
        map: async (event) => execute({ schema, document, rootValue: event, variableValues: variables, contextValue: context }),
        fail(error) {
          throw error;
        },
      });
    },
  };
}
