import type { Alternatives } from "./alternatives.ts";
import type { Requirement } from "./requirements.ts";

/** Names that are printed as they are. Any other could be taken for our own signs, or for further lines. */
const plainName = /^[!#-*,-[\]-{}~]+$/;
const unprintable = /[^\x20-\x7e]/g;

/** On one line: `authenticated`, `roles:admin|support`, `scopes:a+b|c roles:admin`; `public` where nothing is asked for. */
export function describeRequirement(requirement: Requirement | undefined): string {
  if (requirement === undefined) return "public";
  const { scopes, roles } = requirement;
  const parts = [scopes && `scopes:${describeAlternatives(scopes)}`, roles && `roles:${describeAlternatives(roles)}`];
  return parts.filter((part) => part !== undefined).join(" ") || "authenticated";
}

function describeAlternatives(alternatives: Alternatives): string {
  return alternatives.map((names) => names.map(describeName).join("+")).join("|");
}

/** A scope or a role as it is; as a JSON string in ASCII where it could be taken for more than that. */
export function describeName(name: string): string {
  if (plainName.test(name)) return name;
  return JSON.stringify(name).replace(unprintable, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
