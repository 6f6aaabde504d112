import { type ExecutionResult, GraphQLError } from "graphql";
import { rejectDenied, reportDenials } from "../access/forwarded/access-modes.ts";
import { completeResult } from "../access/forwarded/complete-result.ts";
import type { Cut } from "../access/forwarded/cut.ts";
import { cutNothing, cutOperation } from "../access/forwarded/cut-operation.ts";
import { isCompleteText } from "../access/pass-through/complete-text.ts";
import { AuthError } from "../core/errors.ts";
import type { Operation } from "../graphql/operations.ts";
import type { ComposedGraph } from "./composition/composed-graph.ts";
import type { Part } from "./composition/subschemas.ts";
import type { SentOperation } from "./upstreams/upstream.ts";
import type { AccessOptions } from "./upstreams/upstream-options.ts";

/** The part of an operation that is left for its caller, and the graph that answers it. */
export interface Plan {
  readonly graph: ComposedGraph;
  readonly cut: Cut;
  /** The graph that answers; undefined: the composed schema, which asks several. */
  readonly part: Part | undefined;
  /** The cut that would have been made, in a dry run. */
  readonly dryCut: Cut | undefined;
}

export type PlanOptions = Pick<AccessOptions, "denied" | "dryRun">;

/** Throws an AuthError for documents that cannot be judged. */
export function planFor({ document, operation, context }: Operation, graph: ComposedGraph, { dryRun }: PlanOptions): Plan {
  const cut = cutOperation(graph.access, { document, operation, caller: context.caller });
  if (!dryRun) return { graph, cut, part: graph.answererOf(cut), dryCut: undefined };
  const whole = cutNothing(graph.access, { document, operation });
  return { graph, cut: whole, part: graph.answererOf(whole), dryCut: cut };
}

/** Why nothing at all is sent; undefined: go on. */
export function refusePlan(request: Operation, { cut, graph }: Plan, options: PlanOptions): ExecutionResult | undefined {
  const rejected = options.denied === "reject" ? rejectDenied(cut, { ...request, schema: graph.access.schema }) : undefined;
  if (rejected !== undefined) return rejected;
  // Variables have to fit, whether or not they are sent on.
  const errors = graph.checkVariables(request);
  return errors && { errors };
}

/** The operation as it is sent on, if anything of it is. */
export function sentOperationOf({ operation, variableValues }: Operation, { cut, dryCut }: Plan): SentOperation | undefined {
  const { document, variableNames } = cut;
  // In a dry run, a report may have to be added.
  const isComplete = dryCut === undefined ? (text: string) => isCompleteText(cut, { variableValues }, text) : undefined;
  return document && { document, type: operation.operation, variables: usedOf(variableValues, variableNames), isComplete };
}

/** Leaves out variables that only denied selections use: an upstream must not see them. */
function usedOf(variables: Operation["variableValues"], used: Cut["variableNames"]): Operation["variableValues"] {
  const names = Object.keys(variables);
  if (names.every((name) => used.has(name))) return variables;
  return Object.fromEntries(Object.entries(variables).filter(([name]) => used.has(name)));
}

/** The answer as the client asked for it. */
export function completePlan({ variableValues }: Operation, { cut, part, dryCut }: Plan, result: ExecutionResult): ExecutionResult {
  const failure = failureOf(result);
  const unfit = () => failure ?? new AuthError("UPSTREAM_UNAVAILABLE", { upstream: part?.answerer.name ?? "several" });
  const completed = completeResult(cut, { variableValues, unfit }, failure === undefined ? result : { data: {} });
  const denied = dryCut === undefined ? [] : reportDenials(dryCut, variableValues, completed);
  return denied.length === 0 ? completed : { ...completed, extensions: { ...completed.extensions, access: { denied } } };
}

/** Why there is nothing of a whole result: then that is the error of each field that was asked for. */
function failureOf({ data, errors = [] }: ExecutionResult): Error | undefined {
  if (data !== null || errors.some(({ path }) => path !== undefined)) return undefined;
  return errors[0]?.originalError ?? errors[0];
}

/** An operation that is refused as a whole. Throws what is no public error. */
export function refusedResult(error: unknown): ExecutionResult {
  if (!(error instanceof AuthError)) throw error;
  return { errors: [new GraphQLError(error.message, { originalError: error })] };
}
