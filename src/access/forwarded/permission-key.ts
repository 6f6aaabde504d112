import { perObject } from "../../core/per-object.ts";
import { isAnonymous, type Permissions } from "../../core/permissions.ts";
import type { Caller } from "../denials.ts";
import type { RequirementTable } from "../requirements/requirement-table.ts";

/** The permissions of a caller that a table asks for, as a short string: callers with one key get the same verdicts and errors. */
export type PermissionKeys = (caller: Caller) => string;

export function createPermissionKeys(table: RequirementTable): PermissionKeys {
  const { roles, scopes } = namesOf(table);
  // Permissions are never changed in place: a new token brings a new object. No reason of an anonymous caller begins with a colon.
  const keyOf = perObject((held: Permissions) => `:${bitsOf(roles, held.roles)}:${bitsOf(scopes, held.scopes)}`);
  return (caller) => (isAnonymous(caller) ? caller.reason : keyOf(caller));
}

interface MentionedNames {
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

function namesOf({ types, fields }: RequirementTable): MentionedNames {
  const requirements = [...types.values(), ...fields.values()];
  const roles = new Set(requirements.flatMap((requirement) => requirement.roles ?? []).flat());
  const scopes = new Set(requirements.flatMap((requirement) => requirement.scopes ?? []).flat());
  return { roles: [...roles], scopes: [...scopes] };
}

/** Which of the names are held, one bit each: names themselves could be forged to look like a list of others. */
function bitsOf(names: readonly string[], held: ReadonlySet<string>): string {
  let bits = "";
  let digit = 0;
  names.forEach((name, index) => {
    if (held.has(name)) digit |= 1 << (index % 16);
    if (index % 16 < 15 && index < names.length - 1) return;
    bits += String.fromCharCode(digit);
    digit = 0;
  });
  return bits;
}
