import type { ApolloServerOptionsWithGateway } from "@apollo/server";
import { type ExecutionResult, execute } from "graphql";
import type { RequestContext } from "./context.ts";
import type { PublicErrors } from "./public-errors.ts";
import type { AuthGraph } from "./schema.ts";

type Gateway = NonNullable<ApolloServerOptionsWithGateway<RequestContext>["gateway"]>;

/**
 * Runs validated documents for Apollo Server, which hands execution over to whatever is given as its `gateway`.
 * Owning it lets errors be made public where the request is known, and spares Apollo's per-field instrumentation.
 */
export function createExecutor(graph: AuthGraph, publicErrors: PublicErrors): Gateway {
  async function run(request: Parameters<NonNullable<Awaited<ReturnType<Gateway["load"]>>["executor"]>>[0]): Promise<ExecutionResult> {
    const context = request.context as RequestContext;
    const result = await execute({
      schema: request.schema,
      document: request.document,
      contextValue: context,
      variableValues: request.request.variables,
      operationName: request.operationName,
    });
    if (result.errors === undefined) return result;
    return { ...result, errors: result.errors.map((error) => publicErrors.ofExecution(error, context.requestId)) };
  }

  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: graph.schema, coreSupergraphSdl: graph.sdl });
      return () => undefined;
    },
    load: () => Promise.resolve({ executor: run }),
    stop: () => Promise.resolve(),
  };
}
