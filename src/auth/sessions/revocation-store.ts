import { gt } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { revocations } from "../../database/tables/revocations.ts";

/** Ends access tokens before they expire: those of one session, or those of one user below a version. */
export interface Revocation {
  readonly kind: "session" | "user";
  readonly subjectId: string;
  /** For `user`: tokens with a lower version are refused. */
  readonly version: number | null;
  readonly revokedAt: Date;
  /** When every token that it concerns has expired. */
  readonly expiresAt: Date;
}

export async function insertRevocation(tx: Transaction, revocation: Revocation & { id: string }): Promise<void> {
  await tx.insert(revocations).values(revocation);
}

/** Those that may still concern an access token. */
export function findLiveRevocations(database: Database, now: Date): Promise<Revocation[]> {
  const { kind, subjectId, version, revokedAt, expiresAt } = revocations;
  return database.select({ kind, subjectId, version, revokedAt, expiresAt }).from(revocations).where(gt(revocations.expiresAt, now));
}
