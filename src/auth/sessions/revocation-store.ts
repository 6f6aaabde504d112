import { gt } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { revocations } from "../../database/tables/revocations.ts";
import type { Revocation } from "./revocations.ts";

export async function insertRevocation(tx: Transaction, revocation: Revocation & { id: string }): Promise<void> {
  await tx.insert(revocations).values(revocation);
}

/** Those that may still concern an access token. */
export function findLiveRevocations(database: Database, now: Date): Promise<Revocation[]> {
  const { kind, subjectId, version, revokedAt, expiresAt } = revocations;
  return database.select({ kind, subjectId, version, revokedAt, expiresAt }).from(revocations).where(gt(revocations.expiresAt, now));
}
