import { and, eq, gt, inArray, ne, or, type SQL, sql } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { emailAddresses } from "../../database/tables/email-addresses.ts";

/*
 * The directory of addresses. Whoever wants one writes its row first, and waits there for whoever is about to take it or to give it up. A
 * user who is there already is locked before.
 */

export interface AddressClaim {
  readonly emailKey: string;
  readonly userId: string;
}

/** An address that an account can go back to, and until when. */
export interface Reservation {
  readonly emailKey: string;
  readonly until: Date;
}

/**
 * Takes addresses for accounts that are not there yet; the keys of those that were free. In the order of the keys, so that two who claim
 * several do not wait for each other in a circle. What is not free is not locked either: its owner may be about to be locked.
 */
export async function claimAddresses(tx: Transaction, claims: readonly AddressClaim[], now: Date): Promise<ReadonlySet<string>> {
  const keys = claims.map(({ emailKey }) => emailKey);
  await tx.execute(sql`
    delete from ${emailAddresses} where email_key in (
      select email_key from ${emailAddresses}
      where email_key = any(${sql.param(keys)}::text[]) and state = 'RESERVED' and until <= ${now.toISOString()}
      order by email_key collate "C" for update)`);
  const rows = JSON.stringify(claims);
  const claimed = await tx.execute<{ email_key: string }>(sql`
    insert into ${emailAddresses} (email_key, user_id, state)
    select "emailKey", "userId", 'ACCOUNT' from json_to_recordset(${rows}::text::json) as claims ("emailKey" text, "userId" uuid)
    order by "emailKey" collate "C"
    on conflict do nothing
    returning email_key`);
  return new Set(claimed.map(({ email_key }) => email_key));
}

/** Of accounts that came to nothing after all, in the same transaction. */
export async function dropClaims(tx: Transaction, emailKeys: readonly string[]): Promise<void> {
  if (emailKeys.length > 0) await tx.delete(emailAddresses).where(inArray(emailAddresses.emailKey, [...emailKeys]));
}

/**
 * Gives a locked user an address, and frees the one before. False where it is another account's or reserved for one; then the transaction
 * has to be rolled back at once, because that row stays locked until then.
 */
export async function replaceAddress(tx: Transaction, { emailKey, userId, now }: AddressClaim & { now: Date }): Promise<boolean> {
  const isFree = sql`${emailAddresses.userId} = ${userId} or ${emailAddresses.until} <= ${now.toISOString()}`;
  const taken = await tx
    .insert(emailAddresses)
    .values({ emailKey, userId, state: "ACCOUNT" })
    .onConflictDoUpdate({ target: emailAddresses.emailKey, set: { userId, state: "ACCOUNT", until: null }, setWhere: isFree })
    .returning({ userId: emailAddresses.userId });
  if (taken.length === 0) return false;
  await dropOthers(tx, { userId, state: "ACCOUNT", keep: [emailKey] });
  return true;
}

/** Of a locked user. Found first and deleted by their keys: where the directory is spread, whatever names none locks all of it. */
async function dropOthers(
  tx: Transaction,
  { userId, state, keep }: { userId: string; state: "ACCOUNT" | "RESERVED"; keep: readonly string[] },
): Promise<void> {
  const isOfUser = and(eq(emailAddresses.userId, userId), eq(emailAddresses.state, state));
  const rows = await tx.select({ emailKey: emailAddresses.emailKey }).from(emailAddresses).where(isOfUser);
  const others = rows.map(({ emailKey }) => emailKey).filter((key) => !keep.includes(key));
  if (others.length > 0) await tx.delete(emailAddresses).where(and(isOfUser, inArray(emailAddresses.emailKey, others)));
}

/** The addresses that a locked user can go back to from now on, all of them. */
export async function reserveAddresses(tx: Transaction, userId: string, reservations: readonly Reservation[]): Promise<void> {
  const keys = reservations.map(({ emailKey }) => emailKey);
  await dropOthers(tx, { userId, state: "RESERVED", keep: keys });
  if (keys.length === 0) return;
  const isReserved = sql`${emailAddresses.userId} = ${userId} and ${emailAddresses.state} = 'RESERVED'`;
  await tx
    .insert(emailAddresses)
    .values(reservations.map((reservation) => ({ ...reservation, userId, state: "RESERVED" as const })))
    .onConflictDoUpdate({ target: emailAddresses.emailKey, set: { until: sql`excluded.until` }, setWhere: isReserved });
}

/** Whether another account has an address, or could go back to it. */
export async function isAddressTaken(tx: Transaction, { emailKey, userId, now }: AddressClaim & { now: Date }): Promise<boolean> {
  const isLive = or(eq(emailAddresses.state, "ACCOUNT"), gt(emailAddresses.until, now));
  const rows = await tx
    .select({ userId: emailAddresses.userId })
    .from(emailAddresses)
    .where(and(eq(emailAddresses.emailKey, emailKey), ne(emailAddresses.userId, userId), isLive));
  return rows.length > 0;
}

/** Those of the keys that an account can still go back to. */
export async function findReserved(connection: Database | Transaction, keys: readonly string[], now: Date): Promise<ReadonlySet<string>> {
  const rows = await connection
    .select({ emailKey: emailAddresses.emailKey })
    .from(emailAddresses)
    .where(and(isAmong(keys), eq(emailAddresses.state, "RESERVED"), gt(emailAddresses.until, now)));
  return new Set(rows.map(({ emailKey }) => emailKey));
}

/** The ids of the accounts that have one of the addresses. */
export async function findOwners(connection: Database | Transaction, keys: readonly string[]): Promise<string[]> {
  const rows = await connection
    .select({ userId: emailAddresses.userId })
    .from(emailAddresses)
    .where(and(isAmong(keys), eq(emailAddresses.state, "ACCOUNT")));
  return rows.map(({ userId }) => userId);
}

/** As one parameter, however many they are. */
function isAmong(keys: readonly string[]): SQL {
  return sql`${emailAddresses.emailKey} = any(${sql.param([...keys])}::text[])`;
}
