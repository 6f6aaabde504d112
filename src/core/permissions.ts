/** The permissions of a caller: the roles and OAuth 2.0 scopes that their access token carries. */
export interface Permissions {
  readonly roles: ReadonlySet<string>;
  readonly scopes: ReadonlySet<string>;
}

/** Why a request has no viewer. Closed: clients branch on it (`missing` → sign in, `expired` → refresh, …). */
export type AnonymousReason =
  | "missing"
  | "malformed"
  | "too_large"
  | "not_an_access_token"
  | "unsupported_critical_header"
  | "unknown_key"
  | "wrong_algorithm"
  | "invalid_signature"
  | "wrong_issuer"
  | "wrong_audience"
  | "not_yet_valid"
  | "expired"
  | "revoked"
  // A good token of another issuer, on the auth graph: it knows our own users only.
  | "foreign_issuer"
  // No verdict: neither the revocation feed nor the database could be asked. Answered as SERVICE_UNAVAILABLE, never as this.
  | "unverifiable";

export interface Anonymous {
  readonly reason: AnonymousReason;
}

export function isAnonymous(caller: Permissions | Anonymous): caller is Anonymous {
  return "reason" in caller;
}

/** The scopes that come with roles, each once. */
export function scopesOfRoles(names: readonly string[], scopesByRole: ReadonlyMap<string, readonly string[]>): string[] {
  return [...new Set(names.flatMap((name) => scopesByRole.get(name) ?? []))];
}
