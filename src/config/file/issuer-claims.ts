import { isScope } from "./roles.ts";
import { nameKey } from "./yaml.ts";

/** Where a claim is: names within names. */
export type ClaimPath = readonly string[];

/** What of another issuer's token becomes roles and scopes here. */
export interface ClaimSettings {
  /** Undefined: nothing does. */
  readonly claims: { readonly roles: ClaimPath | undefined; readonly scopes: ClaimPath | undefined };
  /** Their role → ours, and no others. Undefined: those of the same names, but `admin`. */
  readonly roles: ReadonlyMap<string, readonly string[]> | undefined;
  /** The only ones that are taken. Undefined: all. */
  readonly scopes: ReadonlySet<string> | undefined;
}

type Complain = (key: string, problem: string) => void;

export function parseClaims(section: unknown, complain: Complain): ClaimSettings["claims"] {
  const nothing = { roles: undefined, scopes: undefined };
  if (section === undefined) return nothing;
  if (!(section instanceof Map)) {
    complain("claims", "must be a mapping with the keys roles and scopes.");
    return nothing;
  }
  for (const key of section.keys()) if (key !== "roles" && key !== "scopes") complain(`claims.${nameKey(key)}`, "is not a known key.");
  const read = (key: string) => parsePath(section.get(key), (problem) => complain(`claims.${key}`, problem));
  return { roles: read("roles"), scopes: read("scopes") };
}

/** `realm_access.roles`, or a list where a name has a dot in it. */
function parsePath(written: unknown, complain: (problem: string) => void): ClaimPath | undefined {
  if (written === undefined) return undefined;
  const path: unknown = typeof written === "string" ? written.split(".") : written;
  if (Array.isArray(path) && path.length > 0 && path.every((name) => typeof name === "string" && name !== "")) return path;
  complain(
    "must be the name of a claim, with dots for names within it (realm_access.roles), or a list of names where one has a dot itself.",
  );
  return undefined;
}

export function parseRoleMap(section: unknown, ourRoles: ReadonlySet<string>, complain: Complain): ClaimSettings["roles"] {
  if (section === undefined) return undefined;
  const map = new Map<string, readonly string[]>();
  if (!(section instanceof Map)) {
    complain("roles", "must be a mapping from their roles to yours.");
    return map;
  }
  for (const [theirs, written] of section) {
    const ours: unknown[] = [written].flat();
    const fits = typeof theirs === "string" && theirs !== "" && ours.every((role) => typeof role === "string" && ourRoles.has(role));
    if (fits) map.set(theirs, ours as string[]);
    else complain(`roles.${nameKey(theirs)}`, "must be one of your roles, or a list of them: user, admin, or one of the section roles.");
  }
  return map;
}

export function parseScopeList(written: unknown, complain: Complain): ClaimSettings["scopes"] {
  if (written === undefined) return undefined;
  if (Array.isArray(written) && written.every(isScope)) return new Set(written);
  complain("scopes", "must be a list of scopes (RFC 6749): printable ASCII without spaces, quotation marks and backslashes.");
  return new Set();
}
