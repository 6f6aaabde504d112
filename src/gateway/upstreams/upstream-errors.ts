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
 * they are none. `refusedBy` is the upstream that answered without data: its errors without a path name it, since they speak of no field.
 */
export function readUpstreamErrors(errors: unknown, refusedBy?: string): GraphQLError[] | undefined {
  if (!Array.isArray(errors)) return undefined;
  const read = errors.slice(0, MAXIMUM_ERRORS).map((error) => readError(error, refusedBy));
  return read.every((error) => error !== undefined) ? read : undefined;
}

function readError(error: unknown, refusedBy: string | undefined): GraphQLError | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { message, path, extensions } = error as Record<string, unknown>;
  if (typeof message !== "string") return undefined;
  const shown = Object.entries(isRecord(extensions) ? extensions : {}).filter(
    ([key, value]) => !developersOnly.has(key) && key !== forItsServer && isShallow(value),
  );
  const named = refusedBy === undefined || isPath(path) ? {} : { upstream: refusedBy };
  const originalError = new UpstreamError(message, { ...withCode(Object.fromEntries(shown)), ...named });
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

/** Of Apollo Server and GraphQL Yoga; of Mercurius. */
const validationCodes: ReadonlySet<unknown> = new Set(["GRAPHQL_VALIDATION_FAILED", "MER_ERR_GQL_VALIDATION"]);
/** As graphql-js words it, where a server gives no code. These name what stands in the SDL, and nothing that a client chose. */
const missingFromSchema = /^(Cannot query field|Unknown argument|Unknown type) "/;

/** Why an operation that fits the upstream's SDL did not fit its schema; undefined: it did. Quotes nothing that a client sent. */
export function misfitOf({ data, errors = [] }: ExecutionResult): string | undefined {
  if (data) return undefined;
  const named = errors.find(({ message }) => missingFromSchema.test(message));
  if (named !== undefined) return named.message;
  const code = errors.map(({ extensions }) => extensions.code).find((each) => validationCodes.has(each));
  return code === undefined ? undefined : String(code);
}

function isPath(value: unknown): value is (string | number)[] {
  return (
    Array.isArray(value) && value.length <= MAXIMUM_PATH_LENGTH && value.every((key) => typeof key === "string" || Number.isInteger(key))
  );
}
