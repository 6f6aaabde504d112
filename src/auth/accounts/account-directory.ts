import { findByIds, isId } from "../ids.ts";
import { refuseProblems } from "../input-problems.ts";
import { firstProblem, type Page, type PageRequest, type PageSpan, readAfter, toPage } from "../paging/pages.ts";
import type { AccountDirectoryStore, AccountFilter, AccountOrder } from "./account-directory-store.ts";
import type { Account, AccountStore, UserStatus } from "./account-store.ts";

export interface AccountPageRequest extends PageRequest {
  /** What the address begins with, in any spelling of it. Blank: any. */
  readonly search?: string | undefined;
  readonly role?: string | undefined;
  readonly status?: UserStatus | undefined;
}

export interface AccountPage extends Page<Account> {
  /** How many there are on all pages: costs a statement of its own. */
  count(): Promise<number>;
}

/** Everybody who can sign in. Who may read it is for the caller to know. */
export interface AccountDirectory {
  /** Undefined also for what is no id at all. */
  find(id: string): Promise<Account | undefined>;
  /** In the order of the ids; undefined as for `find`. */
  findMany(ids: readonly string[]): Promise<(Account | undefined)[]>;
  /** Newest first, or by address where one is searched for; a cursor belongs to one of these orders. Throws BAD_USER_INPUT. */
  page(request: AccountPageRequest): Promise<AccountPage>;
}

export function createAccountDirectory(parts: { accounts: AccountStore; store: AccountDirectoryStore }): AccountDirectory {
  const { accounts, store } = parts;

  return {
    find: async (id) => (isId(id) ? accounts.findAccount(id) : undefined),
    findMany: (ids) => findByIds(ids, accounts.findAccounts),
    async page(request) {
      const filter = readFilter(request);
      const order = filter.emailPrefix === undefined ? "user" : "email";
      const span = readSpan(request, order);
      const found = await store.find(filter, order, { ...span, first: span.first + 1 });
      return { ...toPage(found, span.first, { order, keyOf: ({ key }) => key }), count: () => store.count(filter) };
    },
  };
}

function readSpan({ first, after }: PageRequest, order: AccountOrder): PageSpan {
  const { afterKey, problem } = readAfter(after, order);
  refuseProblems({ first: firstProblem(first), after: problem });
  return { first, afterKey };
}

function readFilter({ search = "", role, status }: AccountPageRequest): AccountFilter {
  const prefix = storable(search).trim().normalize("NFC").toLowerCase().normalize("NFC");
  return { emailPrefix: prefix === "" ? undefined : prefix, role: role === undefined ? undefined : storable(role), status };
}

/** PostgreSQL refuses U+0000, and UTF-8 has no lone surrogates; what stands in for them is in no address and no role's name. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
