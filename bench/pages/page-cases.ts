import type { AccountPageRequest } from "../../src/auth/admin/account-directory.ts";
import type { AuditPageRequest } from "../../src/auth/audit/audit-trail.ts";
import { formatCursor } from "../../src/auth/paging/cursors.ts";
import type { PageRows } from "./page-rows.ts";

/** One list with one filter, as the domain is asked for it. */
export type PageCase =
  | { readonly list: "auditEvents"; readonly name: string; readonly request: AuditPageRequest }
  | { readonly list: "users" | "totalCount"; readonly name: string; readonly request: AccountPageRequest };

/** The documents are constants, as those of clients in production are. */
export const pageDocuments: Readonly<Record<PageCase["list"], string>> = {
  auditEvents: `query AuditEvents($first: Int, $after: String, $filter: AuditEventFilter) {
    auditEvents(first: $first, after: $after, filter: $filter) {
      edges { cursor node { id type occurredAt userId actorId sessionId ipAddress userAgent succeeded detail } }
      pageInfo { hasNextPage endCursor }
    }
  }`,
  users: `query Users($first: Int, $after: String, $search: String, $role: String, $status: UserStatus) {
    users(first: $first, after: $after, search: $search, role: $role, status: $status) {
      edges { cursor node { id email emailVerified roles status createdAt lastLoginAt } }
      pageInfo { hasNextPage endCursor }
    }
  }`,
  totalCount: `query TotalCount($first: Int, $search: String, $role: String, $status: UserStatus) {
    users(first: $first, search: $search, role: $role, status: $status) { totalCount }
  }`,
};

export function createPageCases(rows: PageRows): PageCase[] {
  return [...auditCases(rows), ...userCases(rows), ...countCases()];
}

function auditCases({ userId, sessionId, deepEventId, from, to }: PageRows): PageCase[] {
  const of = (name: string, filter: AuditPageRequest["filter"], after?: string): PageCase => ({
    list: "auditEvents",
    name,
    request: { first: 50, after, filter },
  });
  const deep = formatCursor({ order: "audit", key: deepEventId });
  return [
    of("first page", {}),
    of("deep page", {}, deep),
    of("user", { userId }),
    of("session", { sessionId }),
    of("user and session", { userId, sessionId }),
    of("common type", { types: ["TOKEN_REFRESHED"] }),
    of("common type, deep", { types: ["TOKEN_REFRESHED"] }, deep),
    of("rare type", { types: ["ROLES_CHANGED"] }),
    of("absent type", { types: ["FORCED_LOGOUT"] }),
    of("common and rare type", { types: ["TOKEN_REFRESHED", "ROLES_CHANGED"] }),
    of("user and types", { userId, types: ["LOGIN_FAILED", "ROLES_CHANGED"] }),
    of("time", { from, to }),
    of("time and types", { from, to, types: ["LOGIN_FAILED", "ROLES_CHANGED"] }),
  ];
}

function userCases({ deepUserId }: PageRows): PageCase[] {
  const of = (name: string, request: Partial<AccountPageRequest>): PageCase => ({
    list: "users",
    name,
    request: { first: 20, after: undefined, ...request },
  });
  return [
    of("first page", {}),
    of("deep page", { after: formatCursor({ order: "user", key: deepUserId }) }),
    of("short prefix", { search: "a" }),
    of("short prefix, deep", { search: "a", after: formatCursor({ order: "email", key: "af" }) }),
    of("long prefix", { search: "ab12" }),
    of("common role", { role: "user" }),
    of("role of one in 100", { role: "support" }),
    of("role of ten", { role: "auditor" }),
    of("role of nobody", { role: "nobody" }),
    of("disabled", { status: "DISABLED" }),
    of("active", { status: "ACTIVE" }),
    of("prefix and rare role", { search: "a", role: "auditor" }),
    of("prefix and disabled", { search: "a", status: "DISABLED" }),
  ];
}

function countCases(): PageCase[] {
  const of = (name: string, request: Partial<AccountPageRequest>): PageCase => ({
    list: "totalCount",
    name,
    request: { first: 1, after: undefined, ...request },
  });
  return [
    of("everybody", {}),
    of("short prefix", { search: "a" }),
    of("role of one in 100", { role: "support" }),
    of("disabled", { status: "DISABLED" }),
  ];
}
