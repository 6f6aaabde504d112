/** Codes of our own, of the operating system and of its resolver for "no answer from the server". */
const clientCodes = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
  "STATEMENT_TIMEOUT",
  "NOT_WRITABLE",
  "IS_STANDBY",
  "TLS_FAILED",
  "PROTOCOL_FAILED",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Of a socket in a folder; of a file they say nothing about the database. */
const socketCodes = new Set(["EACCES", "ENOENT"]);

/**
 * SQLSTATEs of a server that cannot do it now: 08 (connection), 53 (resources), 57P0x (shutdown), 25006 (read-only: a standby), 25P0x
 * (a transaction's time), 55000 (not accepting connections), 55P03 and 57014 (time-outs), 40001 and 40P01 (what others do at the same
 * time), 28 and 3D000 (it does not let us in any more), 26000 and 42P05 (a pooler that forgets prepared statements).
 */
const serverCodes = /^(08...|53...|57P0[1235]|25006|25P0[34]|55000|55P03|57014|40001|40P01|28000|28P01|3D000|26000|42P05)$/;

/**
 * Of these the ones that say nothing about the next statement: it was given up for what others do at the same time, or for its own time, or
 * a pooler has forgotten it.
 */
const momentaryCodes = /^(25P0[34]|55P03|57014|40001|40P01|26000|42P05)$/;

/** True when an error, or any of its causes, says that the database cannot do it now rather than that we asked wrongly. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  const isSocket = "syscall" in error && error.syscall === "connect";
  return clientCodes.has(code) || (isSocket && socketCodes.has(code)) || serverCodes.test(code) || isDatabaseUnavailable(error.cause);
}

/** True where the database is there, and gave one statement up: no outage, and yet "unavailable" to whoever asked. */
export function isStatementGivenUp(error: unknown): boolean {
  return error instanceof Error && (momentaryCodes.test(codeOf(error)) || isStatementGivenUp(error.cause));
}

/** Whether the server said, where only a primary will do, that it is a standby. */
export function isStandbyError(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === "IS_STANDBY";
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
