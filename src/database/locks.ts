import { sql } from "drizzle-orm";
import type { Transaction } from "./database.ts";

/**
 * What processes take turns at: one lock for each, in each schema, so that two installations in one database do not wait for each other.
 */
export type LockName = "admins" | "marking" | "purge" | "removed roles" | "signing keys";

/** Waits for whoever has it. It is let go of when the transaction ends. */
export async function takeLock(tx: Transaction, name: LockName): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${keyOf(tx, name)})`);
}

/** False where somebody else has it. */
export async function tryLock(tx: Transaction, name: LockName): Promise<boolean> {
  const [row] = await tx.execute<{ locked: boolean }>(sql`select pg_try_advisory_xact_lock(${keyOf(tx, name)}) as locked`);
  return row?.locked === true;
}

function keyOf({ $schema }: Transaction, name: LockName) {
  return sql`hashtextextended(${`${$schema} ${name}`}, 0)`;
}
