import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type OperationDefinitionNode,
} from "graphql";
import { denyRootTypename } from "../access/guard/guarded-root.ts";
import type { Answered } from "./answers.ts";
import type { RequestContext } from "./context.ts";
import { mapEvents } from "./map-events.ts";
import { isAboutOperation, type PublicErrors } from "./public-errors.ts";
import type { AuthGraph } from "./schema.ts";

/** An operation of a document that has been validated. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** The variables as the client sent them. */
  readonly variableValues: Readonly<Record<string, unknown>>;
  readonly context: RequestContext;
}

/** The context of a subscription's next event, once it may be delivered; undefined if none may be, ever again. */
export type NextContext = () => Promise<RequestContext | undefined>;

/** Executes operations, whatever they arrived on; the errors in the results are public. */
export interface Operations {
  run(operation: Operation): Promise<Answered>;
  /** A stream of results, or why there is none. */
  subscribe(operation: Operation, nextContext: NextContext): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
}

/** The result as the client may see it. */
export function publishResult(result: ExecutionResult, requestId: string, publicErrors: PublicErrors): ExecutionResult {
  if (result.errors === undefined) return result;
  const { data, ...rest } = result;
  // Without data where nothing was executed: that makes the status 400 (GraphQL over HTTP, section 6.4.1).
  const wasExecuted = data !== undefined && !isAboutOperation(result.errors[0]);
  return { ...rest, ...(wasExecuted ? { data } : {}), errors: result.errors.map((error) => publicErrors.ofExecution(error, requestId)) };
}

export function createOperations({ schema, requirements: table }: AuthGraph, publicErrors: PublicErrors): Operations {
  const publish = (result: ExecutionResult, requestId: string) => publishResult(result, requestId, publicErrors);

  async function run({ document, operation, variableValues, context }: Operation, rootValue?: unknown): Promise<ExecutionResult> {
    const { viewer, requestId } = context;
    const operationName = operation.name?.value;
    const result =
      denyRootTypename({ schema, table, document, operation, variableValues, caller: viewer }) ??
      (await execute({ schema, document, rootValue, contextValue: context, variableValues, operationName }));
    return publish(result, requestId);
  }

  function failure(cause: unknown, requestId: string): ExecutionResult {
    const originalError = cause instanceof Error ? cause : new Error("something that is no error was thrown", { cause });
    return publish({ errors: [new GraphQLError("", { originalError })] }, requestId);
  }

  return {
    run: (operation) => run(operation),
    async subscribe(subscription, nextContext) {
      const { document, operation, variableValues, context } = subscription;
      const operationName = operation.name?.value;
      const denied = denyRootTypename({ schema, table, document, operation, variableValues, caller: context.viewer });
      if (denied !== undefined) return publish(denied, context.requestId);
      const source = await createSourceEventStream({ schema, document, contextValue: context, variableValues, operationName }).catch(
        (error: unknown) => failure(error, context.requestId),
      );
      if (!(Symbol.asyncIterator in source)) return publish(source, context.requestId);
      return mapEvents(source, {
        async map(event) {
          const eventContext = await nextContext();
          return eventContext && run({ ...subscription, context: eventContext }, event);
        },
        fail: (error) => failure(error, context.requestId),
      });
    },
  };
}
