import { sql } from "drizzle-orm";
import { NIL as FIRST_ID } from "uuid";
import type { Database, Transaction } from "../../database/database.ts";
import { tryLock } from "../../database/locks.ts";
import { users as userTable } from "../../database/tables/users.ts";

export interface HeldRole {
  readonly role: string;
  readonly users: number;
}

/**
 * Roles that somebody holds and that are not among these, with how many users hold each. Reads all users, which no index can spare: so one
 * process at a time does it. Undefined where another one is at it, and where the signal has stopped it.
 */
export type CountOtherRoles = (known: readonly string[], signal?: AbortSignal) => Promise<readonly HeldRole[] | undefined>;

/** However many users there are, no statement takes longer than it takes to read these. */
const USERS_AT_A_TIME = 10_000;

export function createCountOtherRoles(database: Database): CountOtherRoles {
  return (known, signal) =>
    database.transaction(async (tx) => {
      if (!(await tryLock(tx, "removed roles"))) return undefined;
      const counts = new Map<string, number>();
      for (let after: string | undefined = FIRST_ID; after !== undefined; ) {
        if (signal?.aborted) return undefined;
        const { held, last } = await countNext(tx, known, after);
        for (const { role, users } of held) counts.set(role, (counts.get(role) ?? 0) + users);
        after = last;
      }
      return [...counts].map(([role, users]) => ({ role, users })).sort((one, other) => (one.role < other.role ? -1 : 1));
    });
}

/** Among the next users by id; `last` is undefined where there were none. */
async function countNext(tx: Transaction, known: readonly string[], after: string): Promise<{ held: HeldRole[]; last?: string }> {
  const knownRoles = sql`${sql.param([...known])}::text[]`;
  const rows = await tx.execute<{ last: string; role: string | null; users: number | null }>(sql`
    with next as materialized (select id, roles from ${userTable} where id > ${after} order by id limit ${USERS_AT_A_TIME})
    select last.id as last, held.role, held.users
    from (select id from next order by id desc limit 1) as last
      left join (
        select role, count(*)::int as users from next, unnest(next.roles) as role
        where not next.roles <@ ${knownRoles} and role <> all (${knownRoles}) group by role
      ) as held on true`);
  const held = rows.flatMap(({ role, users }) => (role === null || users === null ? [] : [{ role, users }]));
  const [first] = rows;
  return first === undefined ? { held } : { held, last: first.last };
}
