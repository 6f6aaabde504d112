import { domainToASCII, domainToUnicode } from "node:url";
import { findByIds, isId } from "../../core/ids.ts";
import { refuseProblems } from "../../core/input-problems.ts";
import { uuidOfHex } from "../../core/uuid-text.ts";
import { firstProblem, type Page, type PageRequest, type PageSpan, readAfter, toPage } from "../paging/pages.ts";
import type { Account, AccountStore, AccountWithPassword, UserStatus } from "../users/account-store.ts";
import { readEmailAddress } from "../users/email-addresses.ts";
import type { AccountDirectoryStore, AccountFilter, AccountOrder } from "./account-directory-store.ts";
import type { CountOtherRoles } from "./held-roles-store.ts";

export interface AccountPageRequest extends PageRequest {
  /** See `readSearch`. Blank: any. */
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
  /** By exact address, in any spelling of it, or by id. */
  lookUp(emailOrId: string): Promise<Account | undefined>;
  /** In the order of the ids; undefined as for `find`. */
  findMany(ids: readonly string[]): Promise<(Account | undefined)[]>;
  /** Newest first, or by address where one is searched for; a cursor belongs to one of these orders. Throws BAD_USER_INPUT. */
  page(request: AccountPageRequest): Promise<AccountPage>;
  /** Roles that users hold though nobody has configured them. */
  readonly countOtherRoles: CountOtherRoles;
}

export function createAccountDirectory(parts: {
  accounts: AccountStore;
  store: AccountDirectoryStore;
  countOtherRoles: CountOtherRoles;
}): AccountDirectory {
  const { accounts, store, countOtherRoles } = parts;

  return {
    countOtherRoles,
    find: async (id) => (isId(id) ? accounts.findAccount(id) : undefined),
    async lookUp(emailOrId) {
      const text = emailOrId.trim();
      if (isId(text)) return accounts.findAccount(text);
      const { email } = readEmailAddress(text);
      const found = email && (await accounts.findAccountForSignIn(email.key));
      return found && withoutPassword(found);
    },
    findMany: (ids) => findByIds(ids, accounts.findAccounts),
    async page(request) {
      const filter = readFilter(request);
      const order = filter.emailPrefix === undefined && filter.emailDomain === undefined ? "user" : "email";
      const span = readSpan(request, order);
      const found = await store.find(filter, order, { ...span, first: span.first + 1 });
      return { ...toPage(found, span.first, { order, keyOf: ({ key }) => key }), count: () => store.count(filter) };
    },
  };
}

function withoutPassword({ passwordHash: _passwordHash, ...account }: AccountWithPassword): Account {
  return account;
}

function readSpan({ first, after }: PageRequest, order: AccountOrder): PageSpan {
  const { afterKey, problem } = readAfter(after, order);
  refuseProblems({ first: firstProblem(first), after: problem });
  return { first, afterKey };
}

function readFilter({ search = "", role, status }: AccountPageRequest): AccountFilter {
  const text = storable(search).trim().normalize("NFC").toLowerCase().normalize("NFC");
  return { ...readSearch(text), role: role === undefined ? undefined : storable(role), status };
}

/** Each of these is a range of an index: texts within addresses would be looked for among all of them. */
function readSearch(text: string): Pick<AccountFilter, "emailPrefix" | "emailDomain" | "ids"> {
  if (text === "") return {};
  if (beginningOfId.test(text)) {
    const digits = text.replaceAll("-", "");
    return { ids: { first: uuidOfHex(digits.padEnd(32, "0")), last: uuidOfHex(digits.padEnd(32, "f")) } };
  }
  if (/^@[^@]+$/.test(text)) return { emailDomain: domainKey(text.slice(1)) };
  return { emailPrefix: text };
}

/** At least up to the first hyphen, without which it might begin an address; or all 32 digits. */
const beginningOfId = /^(?=(?:-?[0-9a-f]){0,32}-?$)(?:[0-9a-f]{8}-[0-9a-f-]*|[0-9a-f]{32})$/;

/** However it is written, as keys have it. */
function domainKey(domain: string): string {
  return domainToUnicode(domainToASCII(domain)).normalize("NFC") || domain;
}

/** PostgreSQL refuses U+0000, and UTF-8 has no lone surrogates; what stands in for them is in no address and no role's name. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
