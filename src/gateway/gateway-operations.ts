import type { DocumentNode, ExecutionResult } from "graphql";
import { type Answered, isText } from "../graphql/answers.ts";
import type { RequestContext } from "../graphql/context.ts";
import type { Operation, Operations } from "../graphql/operations.ts";
import type { ComposedGraph } from "./composition/composed-graph.ts";
import { executeComposed } from "./execute-composed.ts";
import { openSubscription } from "./gateway-subscriptions.ts";
import { completePlan, type Plan, type PlanOptions, planFor, refusedResult, refusePlan, sentOperationOf } from "./plans.ts";
import { limitRootFields, type RootLimits } from "./root-limits.ts";
import type { SentOperation } from "./upstreams/upstream.ts";

export interface GatewayOperationsParts {
  /** The graph that a document was validated for. */
  graphOf(document: DocumentNode): ComposedGraph;
  /** The one that documents are validated for now. */
  currentGraph(): ComposedGraph;
  /** The auth graph's own operations: whatever it can answer alone goes there, as without a gateway. */
  readonly authOperations: Operations;
  readonly limits: RootLimits;
  readonly access: PlanOptions;
  /** Makes the errors of a result public. */
  publish(result: ExecutionResult, requestId: string): ExecutionResult;
}

/** Runs operations over several graphs: cuts what the caller may not have before anything is planned or sent; graphs answer the rest. */
export function createGatewayOperations(parts: GatewayOperationsParts): Operations {
  const { graphOf, currentGraph, authOperations, limits, access: options, publish } = parts;

  async function answer(operation: Operation, graph: ComposedGraph): Promise<Answered> {
    const plan = planFor(operation, graph, options);
    const refusal = refusePlan(operation, plan, options);
    if (refusal !== undefined) return refusal;
    const sent = sentOperationOf(operation, plan);
    const answered = sent === undefined ? {} : await fetchAnswer(sent, plan, operation.context);
    return isText(answered) ? answered : completePlan(operation, plan, answered);
  }

  return {
    async run(operation) {
      const { requestId } = operation.context;
      const graph = graphOf(operation.document);
      try {
        if (graph.isOfAuthAlone(operation)) return await authOperations.run(operation);
        const answered = await limitRootFields(operation, { graph, limits, answer: (admitted) => answer(admitted, graph) });
        return isText(answered) ? answered : publish(answered, requestId);
      } catch (error) {
        return publish(refusedResult(error), requestId);
      }
    },
    async subscribe(operation, nextContext) {
      const { requestId } = operation.context;
      const graph = graphOf(operation.document);
      const open = (admitted: Operation) => openSubscription(admitted, { graph, currentGraph, nextContext, options, publish });
      try {
        if (graph.isOfAuthAlone(operation)) return await authOperations.subscribe(operation, nextContext);
        const opened = await limitRootFields(operation, { graph, limits, answer: open });
        return Symbol.asyncIterator in opened ? opened : publish(opened, requestId);
      } catch (error) {
        return publish(refusedResult(error), requestId);
      }
    },
  };
}

async function fetchAnswer(sent: SentOperation, { part, graph }: Plan, context: RequestContext): Promise<Answered> {
  if (part !== undefined) return part.answerer.execute(sent, context);
  return executeComposed(graph, { document: sent.document, contextValue: context, variableValues: sent.variables });
}
