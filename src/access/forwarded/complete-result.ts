import { type ExecutionResult, GraphQLError } from "graphql";
import { type Completing, completeFields, type ResponsePath, type Source } from "../complete/complete-value.ts";
import type { Scope } from "../complete/completion.ts";
import { createUpstreamErrors, type UpstreamErrors } from "../complete/upstream-errors.ts";
import type { Cut } from "./cut.ts";

export interface CompletionRequest {
  /** The variables as the client sent them. */
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
  /** The error for a value that does not fit what was asked for, or for a null that nobody explains. The path is the answer's. */
  unfit(path: ResponsePath): Error;
}

/**
 * The answer as the client asked for it, from the result of what `cutOperation` left of the operation:
 * - null and one error for each denied selection, at the first place where it stands; the same for objects of a guarded type.
 *   Nulls bubble by the specification.
 * - Nothing that was not asked for. A value of another shape, and a null that may not be and that no error explains, is null with
 *   `unfit`'s error, once a selection.
 * - Errors of the result stay as they are, but for those inside what the caller may not see.
 *
 * `result` is not asked where the cut left nothing to fetch.
 */
export function completeResult(cut: Cut, { variableValues, unfit }: CompletionRequest, result: ExecutionResult): ExecutionResult {
  const scope = cut.completion.scopeFor(variableValues ?? {});
  if ("errors" in scope) return responseOf(undefined, result.errors?.length ? result.errors : scope.errors, result);
  const answered = cut.document === undefined ? { data: {} } : result;
  const upstreamErrors = createUpstreamErrors(answered, scope);
  const completing = createCompleting(upstreamErrors, unfit);
  const data = completeRoot(scope, answered.data, completing);
  return responseOf(data, [...upstreamErrors.visible(), ...completing.errors], answered);
}

function responseOf(data: unknown, errors: readonly GraphQLError[], { extensions }: ExecutionResult): ExecutionResult {
  return {
    ...(data !== undefined && { data: data as ExecutionResult["data"] & object }),
    ...(errors.length > 0 && { errors }),
    ...(extensions !== undefined && { extensions }),
  };
}

function createCompleting(upstreamErrors: UpstreamErrors, unfit: CompletionRequest["unfit"]): Completing {
  return { path: [], errors: [], reported: new Set(), unfit, isExplained: upstreamErrors.explains };
}

function completeRoot(scope: Scope, source: unknown, completing: Completing): unknown {
  const fields = scope.fieldsOf({}, completing) ?? [];
  if (typeof source === "object" && source !== null && !Array.isArray(source)) return completeFields(fields, source as Source, completing);
  // Nothing was answered, which leaves what was denied to be reported.
  const denied = fields.filter(({ isDenied }) => isDenied);
  completeFields(denied, {}, completing);
  if (completing.isExplained([])) return null;
  const error = completing.unfit([]);
  completing.errors.push(new GraphQLError(error.message, { originalError: error }));
  return null;
}
