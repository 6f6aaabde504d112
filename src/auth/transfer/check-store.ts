import { sql } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { stayOpen } from "../../database/stay-open.ts";
import type { ImportLine } from "./import-lines.ts";
import type { Holder, Sought } from "./import-store.ts";

/**
 * Runs a check in a transaction that writes nothing but lines that it has seen, in a table that goes with it: no process has to hold them.
 */
export function withSeenLines<Result>(database: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  return database.transaction(async (tx) => {
    await stayOpen(tx);
    await tx.execute(
      sql`create temporary table pg_temp.seen_lines (line integer, id uuid unique, email_key text primary key) on commit drop`,
    );
    return work(tx);
  });
}

/** Those of the file's lines so far that want an id or an address too. */
export async function findSeenLines(tx: Transaction, { ids, emailKeys }: Sought, fileHash: string): Promise<Holder[]> {
  const rows = await tx.execute<{ line: number; id: string | null; email_key: string }>(sql`
    select line, id, email_key from pg_temp.seen_lines
    where email_key = any(${sql.param([...emailKeys])}::text[]) or id = any(${sql.param([...ids])}::uuid[])`);
  return [...rows].map(({ line, id, email_key }) => ({ line, id: id ?? "", emailKey: email_key, file: fileHash }));
}

export async function addSeenLines(tx: Transaction, lines: readonly ImportLine[]): Promise<void> {
  const rows = JSON.stringify(lines.map(({ number, id, emailKey }) => ({ line: number, id, email_key: emailKey })));
  await tx.execute(sql`
    insert into pg_temp.seen_lines (line, id, email_key)
    select line, id, email_key from json_to_recordset(${rows}::text::json) as lines (line integer, id uuid, email_key text)`);
}
