import { asc, eq, inArray } from "drizzle-orm";
import type { Database, Transaction } from "../../../database/database.ts";
import { takeLock } from "../../../database/locks.ts";
import { signingKeys } from "../../../database/tables/signing-keys.ts";

export type SigningKeyRow = typeof signingKeys.$inferSelect;

/** Oldest first. */
export function findSigningKeys(connection: Database | Transaction): Promise<SigningKeyRow[]> {
  return connection.select().from(signingKeys).orderBy(asc(signingKeys.signsFrom), asc(signingKeys.createdAt));
}

/** Makes processes that rotate at the same moment take turns. */
export async function lockSigningKeys(tx: Transaction): Promise<void> {
  await takeLock(tx, "signing keys");
}

export async function insertSigningKey(tx: Transaction, row: SigningKeyRow): Promise<void> {
  await tx.insert(signingKeys).values(row);
}

export async function replaceEncryptedKey(tx: Transaction, kid: string, encryptedPrivateKey: Buffer): Promise<void> {
  await tx.update(signingKeys).set({ encryptedPrivateKey }).where(eq(signingKeys.kid, kid));
}

export async function deleteSigningKeys(tx: Transaction, kids: string[]): Promise<void> {
  if (kids.length > 0) await tx.delete(signingKeys).where(inArray(signingKeys.kid, kids));
}
