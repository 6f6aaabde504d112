import { and, arrayContains, asc, between, count, desc, eq, gt, gte, lt, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../database/database.ts";
import { users } from "../../database/tables/users.ts";
import type { PageSpan } from "../paging/pages.ts";
import { type Account, accountColumns, type UserStatus } from "../users/account-store.ts";

/** Inclusive. */
export interface IdSpan {
  readonly first: string;
  readonly last: string;
}

/** What is absent does not filter. */
export interface AccountFilter {
  /** What the e-mail key begins with. */
  readonly emailPrefix?: string | undefined;
  /** The whole domain of the address. */
  readonly emailDomain?: string | undefined;
  /** The ids from the first to the last of them. */
  readonly ids?: IdSpan | undefined;
  readonly role?: string | undefined;
  readonly status?: UserStatus | undefined;
}

/** `user`: newest first, by id. `email`: by e-mail key, in byte order. */
export type AccountOrder = "user" | "email";

/** With the key of its place in that order. */
export interface ListedAccount extends Account {
  readonly key: string;
}

export interface AccountDirectoryStore {
  /** A prefix or a domain of e-mail addresses is looked for in their order only. */
  find(filter: AccountFilter, order: AccountOrder, span: PageSpan): Promise<ListedAccount[]>;
  count(filter: AccountFilter): Promise<number>;
}

interface Ordering {
  readonly key: SQL<string>;
  /** The same, as an expression that no index is on. */
  readonly unindexedKey: SQL<string>;
  readonly direct: (key: SQL | SQL.Aliased) => SQL;
  readonly isBehind: (key: SQL, after: string) => SQL;
}

/** In byte order, which is what makes a prefix a range. */
const emailKey = sql<string>`${users.emailKey} collate "C"`;
const orders: Readonly<Record<AccountOrder, Ordering>> = {
  user: { key: sql`${users.id}`, unindexedKey: sql`${users.id}::text collate "C"`, direct: desc, isBehind: lt },
  email: { key: emailKey, unindexedKey: sql`(${users.emailKey} || '') collate "C"`, direct: asc, isBehind: gt },
};
/** Sorts behind every continuation of a prefix: no later code point exists. */
const LAST_CODE_POINT = "\u{10FFFF}";
/** For each row of a page, how many rows are looked at before the index of roles is asked: a role of one user in a hundred fills it. */
const ROWS_LOOKED_AT = 100;

interface Wanted {
  readonly filter: AccountFilter;
  readonly order: Ordering;
  readonly span: PageSpan;
}

/** Nothing here is prepared, so that it is planned for its values: which index serves a filter depends on how rare they are. */
export function createAccountDirectoryStore(database: Database): AccountDirectoryStore {
  return {
    find(filter, order, span) {
      const wanted = { filter, order: orders[order], span };
      return filter.role === undefined ? findInOrder(database, wanted) : findWithRole(database, filter.role, wanted);
    },
    async count(filter) {
      const rows = await database
        .select({ accounts: count() })
        .from(users)
        .where(and(hasRole(filter), matching(filter, emailKey)));
      return rows[0]?.accounts ?? 0;
    },
  };
}

async function findInOrder(database: Database, wanted: Wanted): Promise<ListedAccount[]> {
  const { order, span } = wanted;
  const columns = { ...accountColumns, key: order.key };
  const where = isNext(wanted, order.key);
  return await database.select(columns).from(users).where(where).orderBy(order.direct(order.key)).limit(span.first);
}

/**
 * PostgreSQL has no statistics on rare roles, and would look for their holders among all users, in order. So the next users are
 * looked at, which is enough where the role is common; where it is not, its index finds all holders, and they are sorted.
 */
async function findWithRole(database: Database, role: string, wanted: Wanted): Promise<ListedAccount[]> {
  const { filter, order, span } = wanted;
  const next = database
    .select({ ...accountColumns, key: order.key.as("key") })
    .from(users)
    .where(isNext(wanted, order.key))
    .orderBy(order.direct(order.key))
    .limit(span.first * ROWS_LOOKED_AT)
    .as("next");
  const near = await database
    .select()
    .from(next)
    .where(arrayContains(next.roles, [role]))
    .orderBy(order.direct(next.key))
    .limit(span.first);
  if (near.length === span.first) return near;
  return await database
    .select({ ...accountColumns, key: order.key })
    .from(users)
    .where(and(hasRole(filter), isNext(wanted, order.unindexedKey)))
    .orderBy(order.direct(order.unindexedKey))
    .limit(span.first);
}

/** Behind the cursor, and all that is asked for but the role. */
function isNext({ filter, order, span }: Wanted, key: SQL): SQL | undefined {
  return and(matching(filter, key), span.afterKey === undefined ? undefined : order.isBehind(key, span.afterKey));
}

function matching({ emailPrefix, emailDomain, ids, status }: AccountFilter, key: SQL): SQL | undefined {
  return and(
    ids === undefined ? undefined : between(users.id, ids.first, ids.last),
    emailDomain === undefined ? undefined : sql`split_part(${users.emailKey}, '@', 2) collate "C" = ${emailDomain}`,
    emailPrefix === undefined ? undefined : gte(key, emailPrefix),
    emailPrefix === undefined ? undefined : lt(key, emailPrefix + LAST_CODE_POINT),
    status === undefined ? undefined : eq(users.status, status),
  );
}

function hasRole({ role }: AccountFilter): SQL | undefined {
  return role === undefined ? undefined : arrayContains(users.roles, [role]);
}
