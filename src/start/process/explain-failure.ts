import { isDatabaseUnavailable, isStatementGivenUp } from "../../database/unavailable.ts";
import { privateFace } from "../../telemetry/logger.ts";

/** Failures that name what their operator has to mend; a stack would only hide it. */
const explained: ReadonlySet<string> = new Set([
  "ConfigError",
  "StartupError",
  "CommandError",
  "EmbeddedPostgresError",
  "MigrationError",
  "DatabaseRequirementError",
  "DatabaseTlsError",
  "DatabaseProtocolError",
]);

/** What PostgreSQL says (SQLSTATE) when DATABASE_URL is the mistake. */
const databaseProblems: Readonly<Record<string, string>> = {
  "3D000": "DATABASE_URL names a database that does not exist; create it first.",
  "28P01": "DATABASE_URL has a wrong user or password.",
  "28000": "DATABASE_URL has a user that may not connect.",
  "42501": "DATABASE_URL has a user without the right to create the tables; it needs CREATE on the schema.",
};

/** What to print when the process cannot start. */
export function explainFailure(error: unknown): string {
  const { type, message, code = "", stack } = privateFace(error);
  if (explained.has(type)) return message;
  const problem = databaseProblems[code];
  if (problem !== undefined) return problem;
  if (isStatementGivenUp(error))
    return `The database gave a statement up (${code}): ${message}. Try again once whatever else works on it is done.`;
  if (isDatabaseUnavailable(error))
    return `The database at DATABASE_URL is out of reach (${code}). Is it running, and is the address right?`;
  return code === "EACCES" ? `Permission denied: ${message}` : (stack ?? message);
}
