import type { ApolloServerOptionsWithGateway } from "@apollo/server";
import { type ExecutionResult, GraphQLError, type GraphQLSchema } from "graphql";
import { readResult } from "./answers.ts";
import type { RequestContext } from "./context.ts";
import { publicInputError } from "./public-errors.ts";
import type { ServedGraph } from "./served-graph.ts";

type Gateway = NonNullable<ApolloServerOptionsWithGateway<RequestContext>["gateway"]>;
type Executor = NonNullable<Awaited<ReturnType<Gateway["load"]>>["executor"]>;

/**
 * Runs validated documents for Apollo Server, which hands execution over to whatever is given as its `gateway`.
 * Owning it lets errors be made public where the request is known, and spares Apollo's per-field instrumentation.
 */
export function createExecutor({ operations, schema, onChange }: ServedGraph): Gateway {
  const executor: Executor = async ({ document, operation, request, context }): Promise<ExecutionResult> => {
    // Apollo Server types it as present, and leaves it out where the document has no such operation. The name is gone by then,
    // so executing would run whatever single operation there is, by GET too.
    if ((operation as typeof operation | undefined) === undefined) return { errors: [new GraphQLError("Unknown operation.")] };
    // graphql-js would execute it as if it were a query.
    if (operation.operation === "subscription") {
      return { errors: [publicInputError({ request: ["Is a subscription; send it over a WebSocket (graphql-transport-ws)."] })] };
    }
    const variableValues = request.variables ?? {};
    return readResult(await operations.run({ document, operation, variableValues, context: context as RequestContext }));
  };

  return {
    onSchemaLoadOrUpdate(callback) {
      // Apollo Server would report the SDL to its makers, which it is not asked to.
      const update = (apiSchema: GraphQLSchema) => callback({ apiSchema, coreSupergraphSdl: "" });
      update(schema());
      onChange(update);
      return () => undefined;
    },
    load: () => Promise.resolve({ executor }),
    stop: () => Promise.resolve(),
  };
}
