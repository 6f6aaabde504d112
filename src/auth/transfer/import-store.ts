import { and, eq, sql } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { auditEvents } from "../../database/tables/audit-events.ts";
import { userImports } from "../../database/tables/user-imports.ts";
import { users } from "../../database/tables/users.ts";
import { findOwners } from "../users/email-address-store.ts";

/** How far the import of a file has come. */
export type ImportState = typeof userImports.$inferSelect;

/** As it was left, where the file was begun before. */
export async function beginImport(database: Database, fileHash: string, now: Date): Promise<ImportState> {
  await database.insert(userImports).values({ fileHash, lastLine: 0, imported: 0, startedAt: now }).onConflictDoNothing();
  const state = await findImport(database, fileHash);
  if (state === undefined) throw new Error("The state of an import has gone.");
  return state;
}

export async function findImport(database: Database, fileHash: string): Promise<ImportState | undefined> {
  const rows = await database.select().from(userImports).where(eq(userImports.fileHash, fileHash));
  return rows[0];
}

export interface Step {
  readonly fileHash: string;
  readonly fromLine: number;
  readonly toLine: number;
  readonly imported: number;
  /** Null where more lines follow. */
  readonly finishedAt: Date | null;
}

/** False where another import of the file has come on meanwhile. */
export async function moveImport(tx: Transaction, { fileHash, fromLine, toLine, imported, finishedAt }: Step): Promise<boolean> {
  const moved = await tx
    .update(userImports)
    .set({ lastLine: toLine, imported: sql`${userImports.imported} + ${imported}`, finishedAt })
    .where(and(eq(userImports.fileHash, fileHash), eq(userImports.lastLine, fromLine), sql`${userImports.finishedAt} is null`))
    .returning({ fileHash: userImports.fileHash });
  return moved.length > 0;
}

export interface Sought {
  readonly ids: readonly string[];
  readonly emailKeys: readonly string[];
}

/** An account that has one of the ids or addresses sought. */
export interface Holder {
  readonly id: string;
  readonly emailKey: string;
  /** Where it comes from, as its audit event tells; null for those that nobody imported. */
  readonly file: string | null;
  readonly line: number | null;
}

export async function findHolders(connection: Database | Transaction, { ids, emailKeys }: Sought): Promise<Holder[]> {
  const sought = [...ids, ...(await findOwners(connection, emailKeys))];
  // Nothing was told of an account before it was made. By its index alone: as one of a type, it would be looked for among all of that type.
  const first = sql`(
    select detail from ${auditEvents} as entries where entries.user_id = ${users.id} order by entries.user_id, entries.id limit 1
  )`;
  return await connection
    .select({
      id: users.id,
      emailKey: users.emailKey,
      file: sql<string | null>`${first} ->> 'file'`,
      line: sql<number | null>`(${first} ->> 'line')::int`,
    })
    .from(users)
    .where(sql`${users.id} = any(${sql.param(sought)}::uuid[])`);
}
