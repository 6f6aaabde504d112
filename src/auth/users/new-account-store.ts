import { sql } from "drizzle-orm";
import type { Transaction } from "../../database/database.ts";
import { users } from "../../database/tables/users.ts";
import type { AccountWithPassword } from "./account-store.ts";
import { claimAddresses, dropClaims } from "./email-address-store.ts";

/** An account that is not there yet, with what its address is compared by. */
export type NewAccount = AccountWithPassword & { readonly emailKey: string };

/**
 * False where the address is taken, also by a registration that commits at the same moment, or reserved when the account is created. The
 * same statements whatever they come to.
 */
export async function insertAccount(tx: Transaction, account: NewAccount): Promise<boolean> {
  const claimed = await claimAddresses(tx, [{ emailKey: account.emailKey, userId: account.id }], account.createdAt);
  await insertUsers(tx, claimed.size > 0 ? [account] : []);
  return claimed.size > 0;
}

/** The ids of those that could be inserted: neither their address nor their id was taken. */
export async function insertAccounts(tx: Transaction, accounts: readonly NewAccount[], now: Date): Promise<ReadonlySet<string>> {
  const claims = accounts.map(({ id, emailKey }) => ({ emailKey, userId: id }));
  const claimed = await claimAddresses(tx, claims, now);
  const wanted = accounts.filter(({ emailKey }) => claimed.has(emailKey));
  const inserted = await insertUsers(tx, wanted);
  const rest = wanted.filter(({ id }) => !inserted.has(id));
  await dropClaims(
    tx,
    rest.map(({ emailKey }) => emailKey),
  );
  return inserted;
}

/**
 * In the order of ids, so that two imports do not wait for each other in a circle; as one parameter, because one for each value takes
 * several times as long to build and to read.
 */
async function insertUsers(tx: Transaction, accounts: readonly NewAccount[]): Promise<ReadonlySet<string>> {
  const rows = JSON.stringify(accounts);
  const inserted = await tx.execute<{ id: string }>(sql`
    insert into ${users} (id, email, email_key, email_verified, password_hash, roles, status, version, created_at, last_login_at)
    select id, email, "emailKey", "emailVerified", "passwordHash", roles, status, version, "createdAt", "lastLoginAt"
    from json_to_recordset(${rows}::text::json) as accounts (
      id uuid, email text, "emailKey" text, "emailVerified" boolean, "passwordHash" text, roles text[], status text, version integer,
      "createdAt" timestamptz, "lastLoginAt" timestamptz
    )
    order by id
    on conflict do nothing
    returning id`);
  return new Set(inserted.map(({ id }) => id));
}
