/** Codes of postgres.js and of the operating system for "no answer from the server". */
const clientCodes = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/** SQLSTATE classes 08 (connection), 53 (resources), 57P0x (shutdown), 25006 (read-only: a standby) 55000 (not accepting connections), 57014 (statement timeout). */
const serverCodes = /^(08...|53...|57P0[123]|25006|55000|57014)$/;

/** True when an error, or any of its causes, says that the database is out of reach rather than that we asked wrongly. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return clientCodes.has(code) || serverCodes.test(code) || isDatabaseUnavailable(error.cause);
}
