/**
 * What answers does not do as PostgreSQL does, so that nobody comes in, or the connection is given up. Its message stands for itself where
 * the process cannot start.
 */
export class DatabaseProtocolError extends Error {
  override readonly name = "DatabaseProtocolError";
  readonly code = "PROTOCOL_FAILED";
}

/** Another kind of server, or somebody on the way who writes into what the server says. */
export function notPostgres(): DatabaseProtocolError {
  return new DatabaseProtocolError("What answers at DATABASE_URL does not speak as PostgreSQL does: is the port right?");
}

/** A connection that had opened says what nobody asked for, or what cannot be read. */
export function brokenProtocol(cause?: unknown): DatabaseProtocolError {
  return new DatabaseProtocolError(
    "The database said what PostgreSQL does not say there, so its connection was given up: somebody may be writing into it.",
    cause === undefined ? {} : { cause },
  );
}
