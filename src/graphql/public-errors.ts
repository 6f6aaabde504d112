import { GraphQLError, type GraphQLFormattedError, Kind } from "graphql";
import { AuthError } from "../core/errors.ts";
import { withoutValues } from "./documents/document-messages.ts";
import { UpstreamError } from "./upstream-error.ts";

/** Errors as the caller may see them, whatever threw them. Everything that was not thrown as public is masked and logged. */
export interface PublicErrors {
  /** An error of the execution, in the request that it belongs to. */
  ofExecution(error: GraphQLError, requestId: string): GraphQLError;
  /** An error of Apollo Server itself: parsing, validation, variables, HTTP. What `ofExecution` made passes as it is. */
  ofServer(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError;
}

/** Codes of Apollo Server whose messages speak of the document and of HTTP, never of our insides. */
const serverCodes: ReadonlySet<unknown> = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_REQUEST",
  "BAD_USER_INPUT",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
]);

export function createPublicErrors(parts: {
  isUnavailable(error: unknown): boolean;
  logUnexpected(error: unknown, requestId: string): void;
  newRequestId(): string;
}): PublicErrors {
  const { isUnavailable, logUnexpected, newRequestId } = parts;

  function toAuthError(cause: unknown, requestId: string): AuthError {
    if (cause instanceof AuthError) return cause;
    logUnexpected(cause, requestId);
    return isUnavailable(cause)
      ? new AuthError("SERVICE_UNAVAILABLE", {}, { cause })
      : new AuthError("INTERNAL_SERVER_ERROR", { requestId }, { cause });
  }

  return {
    ofExecution(error, requestId) {
      if (isAboutInput(error)) return withCode(error, "BAD_USER_INPUT");
      if (isAboutOperation(error)) return withCode(error, "OPERATION_RESOLUTION_FAILURE");
      const cause = causeOf(error);
      const { nodes = null, path = null } = error;
      if (cause instanceof UpstreamError)
        return new GraphQLError(cause.message, { path, extensions: cause.extensions, originalError: cause });
      const originalError = toAuthError(cause, requestId);
      const extensions = { code: originalError.code, ...originalError.facts };
      return new GraphQLError(originalError.message, { nodes, path, extensions, originalError });
    },
    ofServer(formatted, error) {
      if (error instanceof GraphQLError && isPublic(error.originalError)) return formatted;
      if (serverCodes.has(formatted.extensions?.code)) return withoutValues(formatted);
      if (isRefusal(error)) return { message: formatted.message, extensions: { code: "BAD_REQUEST" } };
      const { message, code, facts } = toAuthError(error, newRequestId());
      return { message, extensions: { code, ...facts } };
    },
  };
}

function isPublic(error: unknown): boolean {
  return error instanceof AuthError || error instanceof UpstreamError;
}

/** Whether it was thrown to be seen by clients, wherever it stands by now. */
export function isPublicError(error: GraphQLError): boolean {
  return isPublic(causeOf(error));
}

/** The cause that was thrown, behind the errors that locate it: stitching moves these, and wraps them each time. */
function causeOf(error: GraphQLError): unknown {
  let cause: unknown = error;
  while (cause instanceof GraphQLError && cause.originalError !== undefined) cause = cause.originalError;
  return cause;
}

/** An error for bad input of the transport or the document, by fields, with messages as clients read them. */
export function publicInputError(fields: Readonly<Record<string, readonly string[]>>): GraphQLError {
  const originalError = new AuthError("BAD_USER_INPUT", { fields });
  return new GraphQLError(originalError.message, { extensions: { code: originalError.code, fields }, originalError });
}

/** Values that do not fit their types, in variables and, where only the execution can tell, in arguments: the caller's own errors. */
function isAboutInput(error: GraphQLError): boolean {
  if (error.nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION) return true;
  const thrown = error.originalError ?? error;
  return thrown instanceof GraphQLError && thrown.message.startsWith('Argument "');
}

/** A subscription, where there is none to execute. */
export function isAboutOperation(error: GraphQLError | undefined): boolean {
  return error?.path === undefined && error?.nodes?.[0]?.kind === Kind.OPERATION_DEFINITION;
}

/** Whether Apollo Server refuses with a status of its own and no code, such as a persisted query that does not fit its hash. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof GraphQLError) || error.originalError !== undefined) return false;
  const { status } = (error.extensions.http ?? {}) as { status?: number };
  return status !== undefined && status >= 400 && status < 500;
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(error.message, { nodes: error.nodes ?? null, path: error.path ?? null, extensions: { code } });
}
