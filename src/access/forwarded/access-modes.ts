import { type ExecutionResult, GraphQLError } from "graphql";
import { AuthError } from "../../core/errors.ts";
import type { ResponsePath } from "../complete/complete-value.ts";
import { type IncludedRequest, listIncluded } from "../cut/included-fields.ts";
import { type CompletionRequest, completeResult } from "./complete-result.ts";
import type { Cut } from "./cut.ts";

/** A finding of a dry run: a selection that would have been denied, where it stands in the answer, and why. */
export interface ReportedDenial {
  readonly path: ResponsePath;
  readonly code: string;
  /** The facts of the error: `coordinate`, `directive`, `required`, `missing`, `reason`. */
  readonly [fact: string]: unknown;
}

/**
 * The whole answer where any denial of what is included refuses the operation: an error for each denied selection, and nothing executed;
 * undefined: execute. Objects of a guarded type behind an abstract one are denied later, as in a partial answer: only the result tells
 * them.
 */
export function rejectDenied({ denied }: Cut, request: IncludedRequest): ExecutionResult | undefined {
  if (denied.length === 0) return undefined;
  const included = listIncluded(request);
  const asked = denied.filter(({ node }) => included === undefined || included.has(node));
  if (asked.length === 0) return undefined;
  // The path is that of the selection: nothing was executed, so no list has an index.
  return { errors: asked.map(({ node, path, error }) => new GraphQLError(error.message, { nodes: node, path, originalError: error })) };
}

/**
 * What a caller would have been denied of an answer to the whole operation (`cutNothing`): one entry a selection, at the first place of the
 * answer. `cut` is the caller's own.
 */
export function reportDenials(
  cut: Cut,
  variableValues: CompletionRequest["variableValues"],
  whole: ExecutionResult,
): readonly ReportedDenial[] {
  const { errors = [] } = completeResult(cut, { variableValues, unfit: () => new Error("Not of interest here.") }, whole);
  return errors.flatMap(({ originalError, path = [] }) =>
    originalError instanceof AuthError ? [{ path, code: originalError.code, ...originalError.facts }] : [],
  );
}
