import { isDatabaseUnavailable } from "../database/unavailable.ts";
import { privateFace } from "../http/logger.ts";

/** Failures that name what their operator has to mend; a stack would only hide it. */
const explained: ReadonlySet<string> = new Set(["ConfigError", "StartupError", "EmbeddedPostgresError"]);

/** What to print when the process cannot start. */
export function explainFailure(error: unknown): string {
  const { type, message, code, stack } = privateFace(error);
  if (explained.has(type)) return message;
  if (isDatabaseUnavailable(error))
    return `The database at DATABASE_URL is out of reach (${code}). Is it running, and is the address right?`;
  if (code === "EADDRINUSE") return "PORT is in use by another process; stop that one, or set another PORT.";
  if (code === "EACCES") return `Permission denied: ${message}`;
  return stack ?? message;
}
