import type { Config } from "../config/config.ts";
import type { Database } from "../database/database.ts";
import { type OpenDatabaseOptions, openDatabase } from "../database/open-database.ts";

interface ReplicaParts extends Pick<OpenDatabaseOptions, "instrument"> {
  readonly database: Database;
  onAnswer(): void;
}

/** The database itself, where it has no replica. Nothing is asked of one at the start, which does without it. */
export function openReplica(
  config: Pick<Config, "database">,
  { database, instrument, onAnswer }: ReplicaParts,
): { replica: Database; closeReplica(): Promise<void> } {
  const url = config.database.readUrl;
  if (url === undefined) return { replica: database, closeReplica: () => Promise.resolve() };
  const opened = openDatabase({ ...config.database, url, instrument, replica: { onAnswer } });
  return { replica: opened.database, closeReplica: opened.close };
}
