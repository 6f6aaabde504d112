import { type SQL, sql } from "drizzle-orm";
import type { Database, Transaction } from "../database/database.ts";
import type { SqlTag } from "../database/sql-tag.ts";
import { outbox } from "../database/tables/outbox.ts";

/** A message as it is written: sealed. */
export interface OutboxRow {
  readonly id: string;
  readonly channel: "email" | "webhook";
  readonly topic: string;
  readonly awaited: boolean;
  readonly userId: string | null;
  readonly encryptedPayload: Buffer;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** All messages as one parameter, however many there are. */
function messagesAsJson(rows: readonly OutboxRow[]): string {
  return JSON.stringify(rows.map(({ encryptedPayload, ...row }) => ({ ...row, payload: encryptedPayload.toString("hex") })));
}

/** The columns that a new message fills; all others have defaults. */
export function messageColumns<Piece>(tag: SqlTag<Piece>): Piece {
  return tag`id, channel, topic, awaited, user_id, encrypted_payload, created_at, expires_at, next_attempt_at`;
}

/** The values of new messages, in the order of `messageColumns`. */
export function messageRows<Piece>(tag: SqlTag<Piece>, rows: readonly OutboxRow[]): Piece {
  return tag`
    select id, channel, topic, awaited, "userId", decode(payload, 'hex'), "createdAt", "expiresAt", "createdAt"
    from json_to_recordset(${messagesAsJson(rows)}::text::json) as messages (
      id uuid, channel text, topic text, awaited boolean, "userId" uuid, payload text, "createdAt" timestamptz, "expiresAt" timestamptz
    )`;
}

/** Writes messages that are due at once: one statement, also where there are none. */
export async function insertMessages(tx: Database | Transaction, rows: readonly OutboxRow[]): Promise<void> {
  await tx.execute(sql`insert into ${outbox} (${messageColumns<SQL>(sql)}) ${messageRows<SQL>(sql, rows)}`);
}
