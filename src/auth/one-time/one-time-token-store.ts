import { and, eq, gt, inArray, isNotNull, lt, max, ne, type SQL, sql } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { oneTimeTokens } from "../../database/tables/one-time-tokens.ts";

export type OneTimeTokenRow = typeof oneTimeTokens.$inferSelect;
export type OneTimePurpose = OneTimeTokenRow["purpose"];

/** Takes the place of the live one of the same purpose and subject; what was contested stays so. */
export async function putOneTimeToken(tx: Transaction, row: OneTimeTokenRow): Promise<void> {
  const { id: _id, purpose: _purpose, subject: _subject, isContested, ...changes } = row;
  await tx
    .insert(oneTimeTokens)
    .values(row)
    .onConflictDoUpdate({
      target: [oneTimeTokens.purpose, oneTimeTokens.subject],
      targetWhere: sql`${oneTimeTokens.purpose} <> 'UNDO_EMAIL_CHANGE'`,
      set: { ...changes, id: row.id, isContested: sql`${oneTimeTokens.isContested} or ${isContested}` },
    });
}

/** Without a lock: only to know whose it is. */
export async function findOneTimeToken(connection: Database | Transaction, live: LiveToken): Promise<OneTimeTokenRow | undefined> {
  const rows = await connection.select().from(oneTimeTokens).where(isLive(live));
  return rows[0];
}

export interface LiveToken {
  readonly purpose: OneTimePurpose;
  readonly tokenHash: Buffer;
  readonly now: Date;
}

/** Of any number of transactions exactly one gets it. */
export async function takeOneTimeToken(tx: Transaction, live: LiveToken): Promise<OneTimeTokenRow | undefined> {
  const rows = await tx.delete(oneTimeTokens).where(isLive(live)).returning();
  return rows[0];
}

function isLive({ purpose, tokenHash, now }: LiveToken): SQL | undefined {
  return and(eq(oneTimeTokens.tokenHash, tokenHash), eq(oneTimeTokens.purpose, purpose), gt(oneTimeTokens.expiresAt, now));
}

export interface CodeTry {
  readonly purpose: OneTimePurpose;
  readonly subject: string;
  readonly now: Date;
  readonly most: number;
  /** Whoever has another one has not asked for this code: no try of it. */
  readonly attemptHash: Buffer | undefined;
}

/** Counts a try; the transaction has to commit, whatever it comes to. Undefined where there is no code, or it has had all its tries. */
export async function countCodeTry(
  tx: Transaction,
  { purpose, subject, now, most, attemptHash }: CodeTry,
): Promise<OneTimeTokenRow | undefined> {
  const rows = await tx
    .update(oneTimeTokens)
    .set({ codeTries: sql`${oneTimeTokens.codeTries} + 1` })
    .where(
      and(
        eq(oneTimeTokens.purpose, purpose),
        eq(oneTimeTokens.subject, subject),
        ne(oneTimeTokens.purpose, "UNDO_EMAIL_CHANGE"),
        isNotNull(oneTimeTokens.codeHash),
        attemptHash === undefined ? undefined : eq(oneTimeTokens.attemptHash, attemptHash),
        gt(oneTimeTokens.expiresAt, now),
        lt(oneTimeTokens.codeTries, most),
      ),
    )
    .returning();
  return rows[0];
}

export async function deleteOneTimeToken(tx: Transaction, id: string): Promise<void> {
  await tx.delete(oneTimeTokens).where(eq(oneTimeTokens.id, id));
}

/** Undoing is not among them unless it is named. */
export async function deleteOneTimeTokensOf(tx: Transaction, userId: string, purposes: readonly OneTimePurpose[]): Promise<void> {
  await tx.delete(oneTimeTokens).where(and(eq(oneTimeTokens.userId, userId), inArray(oneTimeTokens.purpose, [...purposes])));
}

/** Void from now on. What was contested stays so, whoever asks for another message. */
export async function expireOneTimeTokensOf(
  tx: Transaction,
  userId: string,
  { purposes, now }: { readonly purposes: readonly OneTimePurpose[]; readonly now: Date },
): Promise<void> {
  await tx
    .update(oneTimeTokens)
    .set({ expiresAt: now })
    .where(and(eq(oneTimeTokens.userId, userId), inArray(oneTimeTokens.purpose, [...purposes]), gt(oneTimeTokens.expiresAt, now)));
}

/** What was sent to addresses that the user had only after the one that a token goes back to. */
export async function dropLaterUndoTokens(
  tx: Transaction,
  used: Pick<OneTimeTokenRow, "id" | "createdAt"> & { userId: string },
): Promise<void> {
  const made = sql`(${oneTimeTokens.createdAt}, ${oneTimeTokens.id})`;
  await tx
    .delete(oneTimeTokens)
    .where(
      and(
        eq(oneTimeTokens.userId, used.userId),
        eq(oneTimeTokens.purpose, "UNDO_EMAIL_CHANGE"),
        sql`${made} > (${used.createdAt.toISOString()}::timestamptz, ${used.id}::uuid)`,
      ),
    );
}

/** The key of the address that the user has asked for, and not confirmed; undefined where there is none. */
export async function findWantedAddress(database: Database, userId: string): Promise<string | undefined> {
  const isWanted = and(eq(oneTimeTokens.purpose, "CHANGE_EMAIL"), eq(oneTimeTokens.subject, userId));
  const rows = await database.select({ emailKey: oneTimeTokens.emailKey }).from(oneTimeTokens).where(isWanted);
  return rows[0]?.emailKey ?? undefined;
}

/** Until when the user's changes of address can be undone; undefined where none can. */
export async function findLastUndoExpiry(tx: Transaction, userId: string): Promise<Date | undefined> {
  const isUndo = and(eq(oneTimeTokens.userId, userId), eq(oneTimeTokens.purpose, "UNDO_EMAIL_CHANGE"));
  const rows = await tx
    .select({ expiresAt: max(oneTimeTokens.expiresAt) })
    .from(oneTimeTokens)
    .where(isUndo);
  return rows[0]?.expiresAt ?? undefined;
}
