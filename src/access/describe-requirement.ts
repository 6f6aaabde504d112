import type { Alternatives } from "./alternatives.ts";
import type { Requirement } from "./requirements.ts";

function describeAlternatives(alternatives: Alternatives): string {
  return alternatives.map((names) => names.join("+")).join("|");
}

/** On one line: `authenticated`, `roles:admin|support`, `scopes:a+b|c roles:admin`; `public` where nothing is asked for. */
export function describeRequirement(requirement: Requirement | undefined): string {
  if (requirement === undefined) return "public";
  const { scopes, roles } = requirement;
  const parts = [scopes && `scopes:${describeAlternatives(scopes)}`, roles && `roles:${describeAlternatives(roles)}`];
  return parts.filter((part) => part !== undefined).join(" ") || "authenticated";
}
