import { sql } from "drizzle-orm";
import type { Transaction } from "./database.ts";

/** For a transaction that waits for something else between its statements, such as a file: the server does not end it for that. */
export async function stayOpen(tx: Transaction): Promise<void> {
  await tx.execute(sql`set local idle_in_transaction_session_timeout = 0`);
}
