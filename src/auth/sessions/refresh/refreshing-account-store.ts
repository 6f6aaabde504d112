import { and, eq, gte, or, sql } from "drizzle-orm";
import type { Database } from "../../../database/database.ts";
import { sessions } from "../../../database/tables/sessions.ts";
import { users } from "../../../database/tables/users.ts";
import { isLiveSession } from "../../revocations/session-ends-store.ts";
import { type Account, accountColumns } from "../../users/account-store.ts";

/** A genuine token that is current, or the direct predecessor within its grace or with the key of its rotation. */
export interface RefreshingToken {
  readonly userId: string;
  readonly sessionId: string;
  readonly familyHash: Buffer;
  readonly presentedHash: Buffer;
  /** What proves a retry; null where the client sent no key. */
  readonly retryHash: Buffer | null;
  readonly now: Date;
  /** A rotation before this is too long ago for the predecessor. */
  readonly rotatedSince: Date;
}

/** Whose session a token would refresh. Undefined where it would not: nothing but reading is done, and nothing is decided by it. */
export type FindRefreshingAccount = (token: RefreshingToken) => Promise<Account | undefined>;

export function createFindRefreshingAccount(database: Database): FindRefreshingAccount {
  const { placeholder } = sql;
  const presented = placeholder("presentedHash");
  const query = database
    .select(accountColumns)
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(
      and(
        eq(sessions.userId, placeholder("userId")),
        eq(sessions.id, placeholder("sessionId")),
        eq(sessions.familyHash, placeholder("familyHash")),
        or(
          eq(sessions.currentHash, presented),
          and(
            eq(sessions.previousHash, presented),
            or(gte(sessions.rotatedAt, placeholder("rotatedSince")), eq(sessions.retryHash, placeholder("retryHash"))),
          ),
        ),
        isLiveSession(sql`${placeholder("now")}`),
        eq(users.status, "ACTIVE"),
      ),
    )
    .prepare("find_refreshing_account");
  return async ({ now, rotatedSince, ...token }) => {
    const rows = await query.execute({ ...token, now: now.toISOString(), rotatedSince: rotatedSince.toISOString() });
    return rows[0];
  };
}
