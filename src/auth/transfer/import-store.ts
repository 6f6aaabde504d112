import { and, eq, gt, or, type SQL, sql } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { auditEvents } from "../../database/tables/audit-events.ts";
import { oneTimeTokens } from "../../database/tables/one-time-tokens.ts";
import { userImports } from "../../database/tables/user-imports.ts";
import { users } from "../../database/tables/users.ts";
import type { NewAccount } from "../accounts/registration/new-account.ts";

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

/**
 * The ids of those that could be inserted: neither their address nor their id was taken. In the order of addresses, so that two imports do
 * not wait for each other in a circle; as one parameter, because one for each value takes several times as long to build and to read.
 */
export async function insertUsers(tx: Transaction, accounts: readonly NewAccount[]): Promise<ReadonlySet<string>> {
  const rows = JSON.stringify(accounts);
  const inserted = await tx.execute<{ id: string }>(sql`
    insert into ${users} (id, email, email_key, email_verified, password_hash, roles, status, version, created_at, last_login_at)
    select id, email, "emailKey", "emailVerified", "passwordHash", roles, status, version, "createdAt", "lastLoginAt"
    from json_to_recordset(${rows}::text::json) as accounts (
      id uuid, email text, "emailKey" text, "emailVerified" boolean, "passwordHash" text, roles text[], status text, version integer,
      "createdAt" timestamptz, "lastLoginAt" timestamptz
    )
    order by "emailKey" collate "C"
    on conflict do nothing
    returning id`);
  return new Set(inserted.map(({ id }) => id));
}

/**
 * Takes back those whose address an account can still go back to; their ids. A statement of its own after the insertion: only then it
 * sees a change of address that the insertion had to wait for.
 */
export async function deleteReserved(tx: Transaction, ids: ReadonlySet<string>, now: Date): Promise<ReadonlySet<string>> {
  const reserved = await tx.execute<{ id: string }>(sql`
    delete from ${users} using ${oneTimeTokens} as tokens
    where ${users.id} = any(${sql.param([...ids])}::uuid[]) and tokens.email_key = ${users.emailKey}
      and tokens.purpose = 'UNDO_EMAIL_CHANGE' and tokens.expires_at > ${now.toISOString()}
    returning ${users.id}`);
  return new Set(reserved.map(({ id }) => id));
}

export interface Sought {
  readonly ids: readonly string[];
  readonly emailKeys: readonly string[];
}

/** An account that has one of the ids or addresses sought. */
export interface Holder {
  readonly id: string;
  readonly emailKey: string;
  /** Where it comes from, as its audit entry tells; null for those that nobody imported. */
  readonly file: string | null;
  readonly line: number | null;
}

export async function findHolders(connection: Database | Transaction, { ids, emailKeys }: Sought): Promise<Holder[]> {
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
    .where(or(isAmong(users.emailKey, emailKeys), isAmong(users.id, ids)));
}

/** Those addresses among the keys that an account can still go back to. */
export async function findReserved(
  connection: Database | Transaction,
  emailKeys: readonly string[],
  now: Date,
): Promise<ReadonlySet<string>> {
  const rows = await connection
    .select({ emailKey: oneTimeTokens.emailKey })
    .from(oneTimeTokens)
    .where(
      and(eq(oneTimeTokens.purpose, "UNDO_EMAIL_CHANGE"), isAmong(oneTimeTokens.emailKey, emailKeys), gt(oneTimeTokens.expiresAt, now)),
    );
  return new Set(rows.flatMap(({ emailKey }) => emailKey ?? []));
}

/** As one parameter, however many they are. */
function isAmong(column: typeof users.id | typeof users.emailKey | typeof oneTimeTokens.emailKey, values: readonly string[]): SQL {
  return sql`${column} = any(${sql.param([...values])}::${sql.raw(column.getSQLType())}[])`;
}
