import type { ApolloServerOptionsWithGateway } from "@apollo/server";
import { type ExecutionResult, execute, GraphQLError } from "graphql";
import { denyRootTypename } from "../access/guarded-root.ts";
import type { RequestContext } from "./context.ts";
import { isAboutOperation, type PublicErrors } from "./public-errors.ts";
import type { AuthGraph } from "./schema.ts";

type Gateway = NonNullable<ApolloServerOptionsWithGateway<RequestContext>["gateway"]>;
type Executor = NonNullable<Awaited<ReturnType<Gateway["load"]>>["executor"]>;

/**
 * Runs validated documents for Apollo Server, which hands execution over to whatever is given as its `gateway`.
 * Owning it lets errors be made public where the request is known, and spares Apollo's per-field instrumentation.
 */
export function createExecutor(graph: AuthGraph, publicErrors: PublicErrors): Gateway {
  const { schema, requirements: table } = graph;

  const executor: Executor = async ({ document, operation, operationName, request, context }): Promise<ExecutionResult> => {
    const { caller, requestId } = context as RequestContext;
    const variableValues = request.variables ?? {};
    // Apollo Server types it as present, and leaves it out where the document has no such operation. The name is gone by then,
    // so executing would run whatever single operation there is, by GET too.
    if ((operation as typeof operation | undefined) === undefined) return { errors: [new GraphQLError("Unknown operation.")] };
    const result =
      denyRootTypename({ schema, table, document, operation, variableValues, caller }) ??
      (await execute({ schema, document, contextValue: context, variableValues, operationName }));
    if (result.errors === undefined) return result;
    const { data, ...rest } = result;
    // Without data where nothing was executed: that makes the status 400 (GraphQL over HTTP, section 6.4.1).
    const wasExecuted = data !== undefined && !isAboutOperation(result.errors[0]);
    return { ...rest, ...(wasExecuted ? { data } : {}), errors: result.errors.map((error) => publicErrors.ofExecution(error, requestId)) };
  };

  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: schema, coreSupergraphSdl: graph.sdl });
      return () => undefined;
    },
    load: () => Promise.resolve({ executor }),
    stop: () => Promise.resolve(),
  };
}
