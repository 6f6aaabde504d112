import type { Permissions } from "../../core/permissions.ts";
import { type Alternatives, conjoin, entails, isSatisfied, lackingNames } from "./alternatives.ts";

/** The directives that state a requirement, by federation's names. */
export type AccessDirective = "authenticated" | "requiresScopes" | "hasRole";

/** What a caller has to meet. Each implies a signed-in caller; `authenticated` says that this was asked for explicitly. */
export interface Requirement {
  readonly authenticated: boolean;
  readonly scopes?: Alternatives;
  readonly roles?: Alternatives;
}

/** The first directive that a signed-in caller does not satisfy; `missing` is what its closest alternative lacks. */
export interface Unmet {
  readonly directive: AccessDirective;
  readonly required: Alternatives;
  readonly missing: readonly string[];
}

/** The requirement that satisfies both. Throws a RangeError where that has too many alternatives. */
export function combine(a: Requirement, b: Requirement): Requirement {
  const scopes = a.scopes && b.scopes ? conjoin(a.scopes, b.scopes) : (a.scopes ?? b.scopes);
  const roles = a.roles && b.roles ? conjoin(a.roles, b.roles) : (a.roles ?? b.roles);
  return { authenticated: a.authenticated || b.authenticated, ...(scopes && { scopes }), ...(roles && { roles }) };
}

/** Combines all requirements; an absent one asks for nothing. Throws as `combine` does. */
export function combineAll(requirements: Iterable<Requirement | undefined>): Requirement | undefined {
  let all: Requirement | undefined;
  for (const requirement of requirements) {
    if (requirement !== undefined) all = all === undefined ? requirement : combine(all, requirement);
  }
  return all;
}

/** Whether whoever meets `stronger` meets `weaker` as well. */
export function implies(stronger: Requirement, weaker: Requirement): boolean {
  const scopesFit = weaker.scopes === undefined || (stronger.scopes !== undefined && entails(stronger.scopes, weaker.scopes));
  const rolesFit = weaker.roles === undefined || (stronger.roles !== undefined && entails(stronger.roles, weaker.roles));
  return scopesFit && rolesFit;
}

/** The roles or scopes that a signed-in caller lacks, or undefined if none. */
export function unmet(requirement: Requirement, permissions: Permissions): Unmet | undefined {
  const { scopes, roles } = requirement;
  if (scopes !== undefined && !isSatisfied(scopes, permissions.scopes)) {
    return { directive: "requiresScopes", required: scopes, missing: lackingNames(scopes, permissions.scopes) };
  }
  if (roles !== undefined && !isSatisfied(roles, permissions.roles)) {
    return { directive: "hasRole", required: roles, missing: lackingNames(roles, permissions.roles) };
  }
  return undefined;
}

/** All that a caller lacks, scopes and roles alike: of each kind, what its closest alternative lacks. */
export function lackedNames({ scopes, roles }: Requirement, held: Permissions): readonly string[] {
  return [...(scopes ? lackingNames(scopes, held.scopes) : []), ...(roles ? lackingNames(roles, held.roles) : [])];
}
