import { createSourceEventStream, type ExecutionResult } from "graphql";
import type { RequestContext } from "../graphql/context.ts";
import { mapEvents } from "../graphql/map-events.ts";
import type { NextContext, Operation } from "../graphql/operations.ts";
import type { ComposedGraph } from "./composed-graph.ts";
import { executeComposed } from "./execute-composed.ts";
import { completePlan, type Plan, type PlanOptions, planFor, refusedResult, refusePlan, sentOperationOf } from "./plans.ts";
import type { SentOperation } from "./upstream.ts";

export interface SubscriptionParts {
  readonly graph: ComposedGraph;
  readonly nextContext: NextContext;
  readonly options: PlanOptions;
  publish(result: ExecutionResult, requestId: string): ExecutionResult;
}

/** An event, to be executed in a context of its own. */
type PendingEvent = (context: RequestContext) => Promise<ExecutionResult>;

/**
 * A stream of results, or why there is none. It is judged when it begins, and ends when its caller's permissions change: with
 * others it has to be opened anew.
 */
export async function openSubscription(
  operation: Operation,
  parts: SubscriptionParts,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const { graph, nextContext, options, publish } = parts;
  const plan = planFor(operation, graph, options);
  const refusal = refusePlan(operation, plan, options);
  if (refusal !== undefined) return refusal;
  const sent = sentOperationOf(operation, plan);
  const source = sent === undefined ? {} : await openSource(sent, plan, operation.context);
  if (!(Symbol.asyncIterator in source)) return completePlan(operation, plan, source);
  const { permissionKeyOf } = graph.access;
  const permissions = permissionKeyOf(operation.context.visitor);
  return mapEvents<PendingEvent, ExecutionResult>(source, {
    async map(event) {
      const context = await nextContext();
      if (context === undefined || permissionKeyOf(context.visitor) !== permissions) return undefined;
      return publish(completePlan(operation, plan, await event(context)), context.requestId);
    },
    fail: (error) => publish(refusedResult(error), operation.context.requestId),
  });
}

async function openSource(sent: SentOperation, { part, graph }: Plan, contextValue: RequestContext) {
  const { document, variables: variableValues } = sent;
  const { schema } = graph.access;
  if (part !== undefined) {
    const results = await part.answerer.subscribe(sent, contextValue);
    return Symbol.asyncIterator in results ? mapSource(results, (result) => async () => result) : results;
  }
  const events = await createSourceEventStream({ schema, document, contextValue, variableValues });
  if (!(Symbol.asyncIterator in events)) return events;
  return mapSource(
    events,
    (rootValue) => async (context) => executeComposed(graph, { document, rootValue, contextValue: context, variableValues }),
  );
}

function mapSource<Event>(source: AsyncIterable<Event>, toPending: (event: Event) => PendingEvent): AsyncIterableIterator<PendingEvent> {
  return mapEvents(source, {
    map: async (event) => toPending(event),
    fail(error) {
      throw error;
    },
  });
}
