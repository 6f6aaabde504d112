import { GraphQLError } from "graphql";
import { AuthError } from "../auth/errors.ts";

/**
 * An error that an upstream answered with. It speaks to the client: the graph is the operator's own, and its message and code pass
 * as they are. What frameworks add for developers does not.
 */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(message: string, extensions: Readonly<Record<string, unknown>>) {
    super(message);
    this.extensions = extensions;
  }
}

/** Stacks and the like, which servers in development answer with. */
const developersOnly: ReadonlySet<string> = new Set(["stacktrace", "exception", "originalError"]);

/** Errors as they stand in an answer, made into such that keep their origin wherever stitching moves them; undefined if they are none. */
export function readUpstreamErrors(errors: unknown): GraphQLError[] | undefined {
  if (!Array.isArray(errors)) return undefined;
  const read = errors.map(readError);
  return read.every((error) => error !== undefined) ? read : undefined;
}

function readError(error: unknown): GraphQLError | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { message, path, extensions } = error as Record<string, unknown>;
  if (typeof message !== "string") return undefined;
  const shown = Object.entries(isRecord(extensions) ? extensions : {}).filter(([key]) => !developersOnly.has(key));
  const originalError = new UpstreamError(message, Object.fromEntries(shown));
  return new GraphQLError(message, { path: isPath(path) ? path : null, originalError, extensions: originalError.extensions });
}

/** Nothing that can be used came back, for whatever reason: that is in the log. */
export function upstreamUnavailable(upstream: string, cause: unknown): GraphQLError {
  const originalError = new AuthError("UPSTREAM_UNAVAILABLE", { upstream }, { cause });
  return new GraphQLError(originalError.message, { originalError });
}

/** What was thrown at the start, behind however many GraphQL errors that say where it stands. */
export function originOfError(error: unknown): unknown {
  let origin = error;
  while (origin instanceof GraphQLError && origin.originalError !== undefined) origin = origin.originalError;
  return origin;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPath(value: unknown): value is (string | number)[] {
  return Array.isArray(value) && value.every((key) => typeof key === "string" || Number.isInteger(key));
}
