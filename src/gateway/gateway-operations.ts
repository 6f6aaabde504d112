import { type DocumentNode, type ExecutionResult, execute, GraphQLError, getVariableValues } from "graphql";
import { completeResult } from "../access/complete-result.ts";
import type { Cut } from "../access/cut.ts";
import { cutNothing, cutOperation } from "../access/cut-operation.ts";
import type { DeniedSelection } from "../access/cut-selections.ts";
import { AuthError } from "../auth/errors.ts";
import type { Operation, Operations } from "../graphql/operations.ts";
import { AUTH_GRAPH } from "./auth-answerer.ts";
import type { ComposedGraph } from "./composed-graph.ts";
import { limitRootFields, type RootLimits } from "./root-limits.ts";
import type { Part } from "./subschemas.ts";
import type { AccessOptions } from "./upstream-options.ts";

export interface GatewayOperationsParts {
  /** The graph that a document was validated for. */
  graphOf(document: DocumentNode): ComposedGraph;
  /** The auth graph's own operations: whatever it can answer alone goes there, as without a gateway. */
  readonly authOperations: Operations;
  readonly limits: RootLimits;
  readonly access: Pick<AccessOptions, "denied" | "dryRun">;
  /** Makes the errors of a result public. */
  publish(result: ExecutionResult, requestId: string): ExecutionResult;
}

/** What is left of an operation for its caller, and where it goes. */
interface Plan {
  readonly graph: ComposedGraph;
  readonly cut: Cut;
  /** Undefined: the composed schema. */
  readonly part: Part | undefined;
  /** What would have been denied, where nothing is. */
  readonly reported: readonly DeniedSelection[] | undefined;
}

/** Operations over several graphs: what a caller may not have is cut before anything is planned or sent, and the rest is answered by whoever can. */
export function createGatewayOperations(parts: GatewayOperationsParts): Operations {
  const { graphOf, authOperations, limits, access, publish } = parts;

  /** Whether the auth graph can and may answer all of it without us. */
  function isOfAuthAlone({ document, operation }: Operation, graph: ComposedGraph): boolean {
    if (!graph.authGuardsItself) return false;
    return graph.answererOf(cutNothing(graph.access, { document, operation }))?.answerer.name === AUTH_GRAPH;
  }

  function planFor({ document, operation, context }: Operation, graph: ComposedGraph): Plan {
    const cut = cutOperation(graph.access, { document, operation, caller: context.visitor });
    if (!access.dryRun) return { graph, cut, part: graph.answererOf(cut), reported: undefined };
    const whole = cutNothing(graph.access, { document, operation });
    return { graph, cut: whole, part: graph.answererOf(whole), reported: cut.denied };
  }

  async function answer(operation: Operation, graph: ComposedGraph): Promise<ExecutionResult> {
    const plan = planFor(operation, graph);
    if (access.denied === "reject" && plan.cut.denied.length > 0) return { errors: plan.cut.denied.map(toError) };
    const { errors } = coerce(operation, graph);
    if (errors !== undefined) return { errors };
    const result = plan.cut.document === undefined ? {} : await fetchCut(operation, plan, plan.cut.document);
    return complete(operation, plan, result);
  }

  async function run(operation: Operation): Promise<ExecutionResult> {
    const graph = graphOf(operation.document);
    try {
      if (isOfAuthAlone(operation, graph)) return await authOperations.run(operation);
      const result = await limitRootFields(operation, { graph, limits, answer: (admitted) => answer(admitted, graph) });
      return publish(result, operation.context.requestId);
    } catch (error) {
      return publish(toResult(error), operation.context.requestId);
    }
  }

  return { run, subscribe: () => Promise.reject(new Error("later")) };
}

async function fetchCut({ operation, variableValues, context }: Operation, { cut, part, graph }: Plan, document: DocumentNode) {
  const variables = Object.fromEntries(Object.entries(variableValues).filter(([name]) => cut.variableNames.has(name)));
  if (part !== undefined) return part.answerer.execute({ document, type: operation.operation, variables }, context);
  return execute({ schema: graph.access.schema, document, contextValue: context, variableValues: variables });
}

function complete({ variableValues }: Operation, { cut, part, reported }: Plan, result: ExecutionResult): ExecutionResult {
  const unfit = () => new AuthError("UPSTREAM_UNAVAILABLE", { upstream: part?.answerer.name ?? "several" });
  const completed = completeResult(cut, { variableValues, unfit }, result);
  if (reported === undefined || reported.length === 0) return completed;
  return { ...completed, extensions: { ...completed.extensions, access: { denied: reported.map(toReport) } } };
}

/** What the client sent for variables has to fit, wherever they are used. */
function coerce({ operation, variableValues }: Operation, { access }: ComposedGraph) {
  return getVariableValues(access.schema, operation.variableDefinitions ?? [], variableValues);
}

/** Where nothing is executed there is no answer that a path could lead into. */
function toError({ error, node }: DeniedSelection): GraphQLError {
  return new GraphQLError(error.message, { nodes: node, originalError: error });
}

function toReport({ error, path }: DeniedSelection) {
  return { path, code: error.code, ...error.facts };
}

/** An operation that is refused as a whole. */
function toResult(error: unknown): ExecutionResult {
  if (!(error instanceof AuthError)) throw error;
  return { errors: [new GraphQLError(error.message, { originalError: error })] };
}
