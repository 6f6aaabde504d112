/** Nobody comes in, because what answers does not do as PostgreSQL does. Its message stands for itself where the process cannot start. */
export class DatabaseProtocolError extends Error {
  override readonly name = "DatabaseProtocolError";
  readonly code = "PROTOCOL_FAILED";
}

/** Another kind of server, or somebody on the way who writes into what the server says. */
export function notPostgres(): DatabaseProtocolError {
  return new DatabaseProtocolError("What answers at DATABASE_URL does not speak as PostgreSQL does: is the port right?");
}
