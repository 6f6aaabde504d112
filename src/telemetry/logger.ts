import { type DestinationStream, type Logger, pino } from "pino";

/** JSON lines. Errors are reduced to what cannot hold a secret: see `privateFace`. */
export function createLogger(options: { level: string; destination?: DestinationStream }): Logger {
  const { level, destination } = options;
  const settings = { level, base: { service: "graphql-auth-gateway" }, serializers: { err: privateFace } };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

interface PrivateFace {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

/**
 * What the log may see of an error. A failed query's own message and PostgreSQL's `detail` carry parameters, hashes and
 * addresses included, so of those only the server's message (which names constraints and columns) is kept.
 */
export function privateFace(error: unknown): PrivateFace {
  const root = withoutQuery(error);
  if (!(root instanceof Error)) return { type: typeof root, message: "something that is no error was thrown" };
  // graphql-js quotes values in its messages, and a value can be a password.
  if (root.name === "GraphQLError") return { type: root.name, message: "withheld, because such messages quote values" };
  const code = "code" in root && typeof root.code === "string" ? { code: root.code } : {};
  return { type: root.name, message: root.message, ...code, ...(root.stack === undefined ? {} : { stack: root.stack }) };
}

/** Describes an error without its stack, which says nothing about an outage. */
export function problemOf(error: unknown): Omit<PrivateFace, "stack"> {
  const { stack, ...problem } = privateFace(error);
  return problem;
}

function withoutQuery(error: unknown): unknown {
  const isFailedQuery = error instanceof Error && "query" in error && error.cause !== undefined;
  return isFailedQuery ? withoutQuery(error.cause) : error;
}
