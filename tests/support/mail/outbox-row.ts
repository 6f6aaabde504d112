import type { TestDatabase } from "../database.ts";

/** What the outbox knows of a message. */
export interface Row {
  readonly state: string;
  readonly attempts: number;
  readonly problem: string | null;
  readonly encrypted_payload: Buffer | null;
}

export async function readOutboxRow(database: TestDatabase, id = ""): Promise<Row> {
  const [row] = await database.sql<Row[]>`select state, attempts, problem, encrypted_payload from outbox where id = ${id}`;
  if (row === undefined) throw new Error("there is no such message");
  return row;
}
