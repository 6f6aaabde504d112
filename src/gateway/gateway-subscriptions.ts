import { createSourceEventStream, type ExecutionResult, print, validate } from "graphql";
import type { RequestContext } from "../graphql/context.ts";
import { mapEvents } from "../graphql/map-events.ts";
import type { NextContext, Operation } from "../graphql/operations.ts";
import type { ComposedGraph } from "./composition/composed-graph.ts";
import { executeComposed } from "./execute-composed.ts";
import { completePlan, type Plan, type PlanOptions, planFor, refusedResult, refusePlan, sentOperationOf } from "./plans.ts";
import type { SentOperation } from "./upstreams/upstream.ts";

export interface SubscriptionParts {
  /** The graph that the document was validated for. */
  readonly graph: ComposedGraph;
  currentGraph(): ComposedGraph;
  readonly nextContext: NextContext;
  readonly options: PlanOptions;
  publish(result: ExecutionResult, requestId: string): ExecutionResult;
}

/** An event, to be executed in a context of its own. */
type PendingEvent = (context: RequestContext) => Promise<ExecutionResult>;

/**
 * A stream of results, or why there is none. It is judged when it begins, and ends when its caller's permissions change, or when
 * another graph asks for more than they are: it has to be opened anew then.
 */
export async function openSubscription(
  operation: Operation,
  parts: SubscriptionParts,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const { graph, currentGraph, nextContext, options, publish } = parts;
  const plan = planFor(operation, graph, options);
  const refusal = refusePlan(operation, plan, options);
  if (refusal !== undefined) return refusal;
  const sent = sentOperationOf(operation, plan);
  const source = sent === undefined ? {} : await openSource(sent, plan, operation.context);
  if (!(Symbol.asyncIterator in source)) return completePlan(operation, plan, source);
  let judged: Plan | undefined = plan;
  // Read now: on a WebSocket the context tells whoever its token says at the moment.
  const { caller } = operation.context;
  return mapEvents<PendingEvent, ExecutionResult>(source, {
    async map(event) {
      const context = await nextContext();
      const now = currentGraph();
      if (judged !== undefined && judged.graph !== now) judged = judgeAgain(operation, judged, { graph: now, options });
      const { permissionKeyOf } = now.access;
      if (judged === undefined || context === undefined) return undefined;
      if (permissionKeyOf(context.caller) !== permissionKeyOf(caller)) return undefined;
      return publish(completePlan(operation, judged, await event(context)), context.requestId);
    },
    fail: (error) => publish(refusedResult(error), operation.context.requestId),
  });
}

/** Plans a subscription again for the graph that has taken the place of the one it was sent for; undefined where it is not the same. */
function judgeAgain(
  operation: Operation,
  { cut }: Plan,
  { graph, options }: { readonly graph: ComposedGraph; readonly options: PlanOptions },
): Plan | undefined {
  if (validate(graph.access.schema, operation.document).length > 0) return undefined;
  const plan = planFor(operation, graph, options);
  const textOf = ({ document }: Plan["cut"]) => document && print(document);
  return textOf(plan.cut) === textOf(cut) ? plan : undefined;
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
