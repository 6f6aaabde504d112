import type { Permissions } from "../../../core/permissions.ts";
import type { ClaimPath, OtherIssuer } from "./other-issuer.ts";

/** Nobody gets it because another issuer calls somebody so. */
const ONLY_BY_MAP = "admin";

/**
 * What the claims of a verified token allow here. A role that the operator mapped to one of ours brings the scopes along that ours
 * has; one that merely has the same name does not.
 */
export function issuerPermissions(
  claims: unknown,
  issuer: Pick<OtherIssuer, "claims" | "roles" | "scopes">,
  scopesByRole: ReadonlyMap<string, readonly string[]>,
): Permissions {
  const theirRoles = textsAt(claims, issuer.claims.roles);
  const theirScopes = textsAt(claims, issuer.claims.scopes).filter((scope) => issuer.scopes?.has(scope) ?? true);
  if (issuer.roles === undefined) {
    return { roles: new Set(theirRoles.filter((role) => role !== ONLY_BY_MAP)), scopes: new Set(theirScopes) };
  }
  const ourRoles = theirRoles.flatMap((role) => issuer.roles?.get(role) ?? []);
  return { roles: new Set(ourRoles), scopes: new Set([...theirScopes, ...ourRoles.flatMap((role) => scopesByRole.get(role) ?? [])]) };
}

/** A list of texts, or one text with spaces between (RFC 6749, section 3.3); whatever else stands there counts as nothing. */
function textsAt(claims: unknown, path: ClaimPath | undefined): string[] {
  const value = path?.reduce(memberOf, claims);
  const items: unknown[] = typeof value === "string" ? value.split(" ") : Array.isArray(value) ? value : [];
  return items.filter((item) => typeof item === "string" && item !== "") as string[];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}
