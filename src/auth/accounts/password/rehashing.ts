import type { Database } from "../../../database/database.ts";
import type { Passwords } from "../../passwords/passwords.ts";
import { type AccountWithPassword, replacePasswordHash } from "../../users/account-store.ts";

/** Hashes passwords anew that were hashed otherwise than today's: with other parameters, or by another system. */
export interface Rehashing {
  /** Nobody waits for it. Sessions and the version stay: the password is the same. */
  afterSignIn(verified: Pick<AccountWithPassword, "id" | "passwordHash">, password: string): void;
  /** Once nothing is under way. */
  settle(): Promise<void>;
}

export function createRehashing({ database, passwords }: { database: Database; passwords: Pick<Passwords, "rehash"> }): Rehashing {
  const underWay = new Set<Promise<void>>();

  return {
    afterSignIn({ id, passwordHash }, password) {
      const rehashed = passwords.rehash(passwordHash, password);
      if (rehashed === undefined) return;
      const work = rehashed
        .then((to) => replacePasswordHash(database, { id, from: passwordHash, to }))
        // The old hash is still good, and the next login tries again.
        .catch(() => undefined)
        .finally(() => underWay.delete(work));
      underWay.add(work);
    },
    async settle() {
      await Promise.all(underWay);
    },
  };
}
