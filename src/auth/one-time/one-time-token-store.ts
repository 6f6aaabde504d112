import { and, eq, gt, inArray, isNotNull, lt, max, ne, type SQL, sql } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { oneTimeTokens } from "../../database/tables/one-time-tokens.ts";
import { selectOwner } from "../users/account-store.ts";

export type OneTimeTokenRow = typeof oneTimeTokens.$inferSelect;
export type OneTimePurpose = OneTimeTokenRow["purpose"];

/** Takes the place of the live one of the same purpose and user; what was contested stays so. */
export async function putOneTimeToken(tx: Transaction, row: OneTimeTokenRow): Promise<void> {
  const { id, purpose: _purpose, userId: _userId, isContested, ...changes } = row;
  await tx
    .insert(oneTimeTokens)
    .values(row)
    .onConflictDoUpdate({
      target: [oneTimeTokens.userId, oneTimeTokens.purpose],
      targetWhere: sql`${oneTimeTokens.purpose} <> 'UNDO_EMAIL_CHANGE'`,
      set: { ...changes, id, isContested: sql`${oneTimeTokens.isContested} or ${isContested}` },
    });
}

/** Without a lock: only to know whose it is. */
export async function findOneTimeToken(connection: Database | Transaction, live: LiveToken): Promise<OneTimeTokenRow | undefined> {
  const rows = await connection.select().from(oneTimeTokens).where(isLive(live));
  return rows[0];
}

export interface LiveToken {
  readonly purpose: OneTimePurpose;
  /** Undefined for a token of an earlier version, which does not say whose it is. */
  readonly userId: string | undefined;
  readonly tokenHash: Buffer;
  readonly now: Date;
}

/** Of any number of transactions exactly one gets it. */
export async function takeOneTimeToken(tx: Transaction, live: LiveToken): Promise<OneTimeTokenRow | undefined> {
  const rows = await tx.delete(oneTimeTokens).where(isLive(live)).returning();
  return rows[0];
}

function isLive({ purpose, userId, tokenHash, now }: LiveToken): SQL | undefined {
  const isOfUser = userId === undefined ? undefined : eq(oneTimeTokens.userId, userId);
  return and(isOfUser, eq(oneTimeTokens.tokenHash, tokenHash), eq(oneTimeTokens.purpose, purpose), gt(oneTimeTokens.expiresAt, now));
}

export interface OpenCode {
  readonly purpose: OneTimePurpose;
  readonly now: Date;
  readonly most: number;
  /** Whoever has another one has not asked for this code: no try of it. */
  readonly attemptHash: Buffer | undefined;
}

export interface CodeTry extends OpenCode {
  readonly userId: string;
}

/** What a code may still be tried of. */
function isOpen({ purpose, now, most, attemptHash }: OpenCode): SQL | undefined {
  return and(
    eq(oneTimeTokens.purpose, purpose),
    ne(oneTimeTokens.purpose, "UNDO_EMAIL_CHANGE"),
    isNotNull(oneTimeTokens.codeHash),
    attemptHash === undefined ? undefined : eq(oneTimeTokens.attemptHash, attemptHash),
    gt(oneTimeTokens.expiresAt, now),
    lt(oneTimeTokens.codeTries, most),
  );
}

/** Counts a try; the transaction has to commit, whatever it comes to. Undefined where there is no code, or it has had all its tries. */
export async function countCodeTry(tx: Transaction, { userId, ...code }: CodeTry): Promise<OneTimeTokenRow | undefined> {
  const rows = await tx
    .update(oneTimeTokens)
    .set({ codeTries: sql`${oneTimeTokens.codeTries} + 1` })
    .where(and(eq(oneTimeTokens.userId, userId), isOpen(code)))
    .returning();
  return rows[0];
}

export async function deleteOneTimeToken(tx: Transaction, { userId, id }: Pick<OneTimeTokenRow, "userId" | "id">): Promise<void> {
  await tx.delete(oneTimeTokens).where(and(eq(oneTimeTokens.userId, userId), eq(oneTimeTokens.id, id)));
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

/**
 * Whether there is such a code of an address, with or without account: `withoutAccount` stands for its user where it has none. One look for
 * both.
 */
export async function hasOpenCode(
  database: Database,
  address: { emailKey: string; withoutAccount: string },
  code: OpenCode,
): Promise<boolean> {
  const owner = selectOwner(database, address.emailKey);
  // Where tables are spread, whose the address is, is known at another node: it is asked for first. Two users are named in any case.
  const found = (await database.$isSpread()) ? await owner : undefined;
  const isOfAddress =
    found === undefined
      ? sql`${oneTimeTokens.userId} = any(array(${owner}) || ${address.withoutAccount}::uuid)`
      : inArray(oneTimeTokens.userId, [found[0]?.userId ?? address.withoutAccount, address.withoutAccount]);
  const rows = await database
    .select({ id: oneTimeTokens.id })
    .from(oneTimeTokens)
    .where(and(isOfAddress, isOpen(code)));
  return rows.length > 0;
}

/** The key of the address that a user's code proves; undefined where there is no such code. */
export async function findAddressOfCode(database: Database, userId: string, code: OpenCode): Promise<string | undefined> {
  const rows = await database
    .select({ emailKey: oneTimeTokens.emailKey })
    .from(oneTimeTokens)
    .where(and(eq(oneTimeTokens.userId, userId), isOpen(code)));
  return rows[0]?.emailKey ?? undefined;
}

/** The addresses that a user can go back to, and until when. */
export async function findUndoable(tx: Transaction, userId: string): Promise<{ emailKey: string; until: Date }[]> {
  const isUndo = and(eq(oneTimeTokens.userId, userId), eq(oneTimeTokens.purpose, "UNDO_EMAIL_CHANGE"));
  const rows = await tx
    .select({ emailKey: oneTimeTokens.emailKey, until: max(oneTimeTokens.expiresAt) })
    .from(oneTimeTokens)
    .where(isUndo)
    .groupBy(oneTimeTokens.emailKey);
  return rows.flatMap(({ emailKey, until }) => (emailKey === null || until === null ? [] : [{ emailKey, until }]));
}
