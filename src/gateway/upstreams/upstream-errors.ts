import { type ExecutionResult, GraphQLError } from "graphql";
import { isShallow } from "../../access/complete/nesting.ts";
import { AuthError, type ErrorCode } from "../../core/errors.ts";
import { isRecord } from "../../core/is-record.ts";
import { UpstreamError } from "../../graphql/upstream-error.ts";

/** Stacks and the like, which servers in development answer with. */
const developersOnly: ReadonlySet<string> = new Set(["stacktrace", "exception", "originalError"]);

/** The extension from which Apollo Server takes an answer's status and headers: those of an upstream's answer are not ours. */
const forItsServer = "http";

/** The most errors of one answer that are read. Further ones say nothing new, and each costs as much as a hundred values. */
const MAXIMUM_ERRORS = 1000;
/** No document that has passed the limits is nearly as deep. */
const MAXIMUM_PATH_LENGTH = 100;

/**
 * Errors as they stand in an answer, the first 1,000, made into such that keep their origin wherever stitching moves them; undefined if
 * they are none.
 */
export function readUpstreamErrors(errors: unknown): GraphQLError[] | undefined {
  if (!Array.isArray(errors)) return undefined;
  const read = errors.slice(0, MAXIMUM_ERRORS).map(readError);
  return read.every((error) => error !== undefined) ? read : undefined;
}

function readError(error: unknown): GraphQLError | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { message, path, extensions } = error as Record<string, unknown>;
  if (typeof message !== "string") return undefined;
  const shown = Object.entries(isRecord(extensions) ? extensions : {}).filter(
    ([key, value]) => !developersOnly.has(key) && key !== forItsServer && isShallow(value),
  );
  const originalError = new UpstreamError(message, withCode(Object.fromEntries(shown)));
  return new GraphQLError(message, { path: isPath(path) ? path : null, originalError, extensions: originalError.extensions });
}

/** Adds a code where there is none: without one an error would be taken for a failure of ours. */
function withCode(extensions: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return typeof extensions.code === "string" ? extensions : { ...extensions, code: "UPSTREAM_ERROR" satisfies ErrorCode };
}

/** Nothing that can be used came back, for whatever reason: that is in the log. */
export function upstreamUnavailable(upstream: string, cause: unknown): GraphQLError {
  const originalError = new AuthError("UPSTREAM_UNAVAILABLE", { upstream }, { cause });
  return new GraphQLError(originalError.message, { originalError });
}

/** Why an upstream's result is `upstreamUnavailable`; undefined: it is a result. */
export function unavailableBecause({ errors = [] }: ExecutionResult): unknown {
  const [first] = errors;
  return first?.originalError instanceof AuthError ? first.originalError.cause : undefined;
}

function isPath(value: unknown): value is (string | number)[] {
  return (
    Array.isArray(value) && value.length <= MAXIMUM_PATH_LENGTH && value.every((key) => typeof key === "string" || Number.isInteger(key))
  );
}
