import { readFileSync } from "node:fs";
import type { Database } from "./database.ts";

const journalFile = new URL("../../drizzle/meta/_journal.json", import.meta.url);

/** Asks whether every migration of this version has been applied; rejects where the database is out of reach. One cheap statement. */
export function createMigrationCheck(database: Database): () => Promise<boolean> {
  const latest = latestMigration();
  return async () => {
    const [row] = await database.$client`select max(created_at) >= ${latest} as applied from drizzle.__drizzle_migrations`;
    return row?.applied === true;
  };
}

/** As Drizzle marks it in the database. A later one is fine: that is a newer version which has begun to take over. */
function latestMigration(): number {
  const { entries } = JSON.parse(readFileSync(journalFile, "utf8")) as { entries: readonly { when: number }[] };
  return Math.max(...entries.map(({ when }) => when));
}
