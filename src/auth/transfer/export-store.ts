import { and, asc, count, gt, isNotNull, isNull } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { stayOpen } from "../../database/stay-open.ts";
import { users } from "../../database/tables/users.ts";
import { accountColumns } from "../users/account-store.ts";
import type { ExportedUser } from "./user-line.ts";

const ROWS_PER_PAGE = 1000;
const { version: _version, erasureAt: _erasureAt, ...columns } = accountColumns;

/** All that `work` reads is the state of one moment, whatever is written meanwhile. */
export function atOneMoment<Result>(database: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  return database.transaction(
    async (tx) => {
      await stayOpen(tx);
      return work(tx);
    },
    { isolationLevel: "repeatable read", accessMode: "read only" },
  );
}

/** In the order of ids, without those who are to be erased. */
export async function* readUsers(tx: Transaction): AsyncGenerator<ExportedUser[]> {
  for (let after: string | undefined; ; ) {
    const page = await tx
      .select({ ...columns, passwordHash: users.passwordHash })
      .from(users)
      .where(and(isNull(users.erasureAt), after === undefined ? undefined : gt(users.id, after)))
      .orderBy(asc(users.id))
      .limit(ROWS_PER_PAGE);
    if (page.length > 0) yield page;
    if (page.length < ROWS_PER_PAGE) return;
    after = page.at(-1)?.id;
  }
}

export async function countLeaving(tx: Transaction): Promise<number> {
  const rows = await tx.select({ leaving: count() }).from(users).where(isNotNull(users.erasureAt));
  return rows[0]?.leaving ?? 0;
}
