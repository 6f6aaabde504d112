import { and, arrayContains, count, eq, gt, isNull, ne } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { takeLock } from "../../database/locks.ts";
import { users } from "../../database/tables/users.ts";

export const ADMIN_ROLE = "admin";

const isAdmin = arrayContains(users.roles, [ADMIN_ROLE]);

/** Whoever may change the number of admins takes turns: what was counted under this lock stays true until the commit. */
export async function lockAdmins(tx: Transaction): Promise<void> {
  await takeLock(tx, "admins");
}

/** Those who can sign in and stay, less the one who is about to be changed. To be called under the lock. */
export async function countActiveAdmins(tx: Transaction, exceptUserId: string): Promise<number> {
  const rows = await tx
    .select({ admins: count() })
    .from(users)
    .where(and(isAdmin, eq(users.status, "ACTIVE"), isNull(users.erasureAt), ne(users.id, exceptUserId)));
  return rows[0]?.admins ?? 0;
}

/** Disabled ones count: whoever disabled the only admin does not want another one to appear at the next start. */
export async function hasAnyAdmin(connection: Database | Transaction): Promise<boolean> {
  const rows = await connection.select({ id: users.id }).from(users).where(isAdmin).limit(1);
  return rows.length > 0;
}

/** The next ids after one, by their order. */
export async function findUsersWithRole(database: Database, role: string, page: { after: string; limit: number }): Promise<string[]> {
  const rows = await database
    .select({ id: users.id })
    .from(users)
    .where(and(arrayContains(users.roles, [role]), gt(users.id, page.after)))
    .orderBy(users.id)
    .limit(page.limit);
  return rows.map(({ id }) => id);
}
