import { AuthError } from "../core/errors.ts";
import { type Anonymous, isAnonymous, type Permissions } from "../core/permissions.ts";
import { type AccessDirective, type Requirement, unmet } from "./requirements/requirements.ts";

export type Caller = Permissions | Anonymous;

export function meets(caller: Caller, requirement: Requirement): boolean {
  return !isAnonymous(caller) && unmet(requirement, caller) === undefined;
}

/** Why this caller may not see `coordinate` (`Type.field` or `Type`), or undefined if they may. */
export function denialOf(caller: Caller, requirement: Requirement, coordinate: string): AuthError | undefined {
  if (isAnonymous(caller)) {
    if (caller.reason === "unverifiable") return new AuthError("SERVICE_UNAVAILABLE", {});
    return new AuthError("UNAUTHENTICATED", { reason: caller.reason, coordinate, directive: leadingDirective(requirement) });
  }
  const shortfall = unmet(requirement, caller);
  return shortfall && new AuthError("FORBIDDEN", { coordinate, ...shortfall });
}

function leadingDirective(requirement: Requirement): AccessDirective {
  if (requirement.authenticated) return "authenticated";
  return requirement.scopes === undefined ? "hasRole" : "requiresScopes";
}
