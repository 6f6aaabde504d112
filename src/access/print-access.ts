import { isInterfaceType, isObjectType } from "graphql";
import type { Alternatives } from "./requirements/alternatives.ts";
import { describeRequirement } from "./requirements/describe-requirement.ts";
import type { MergedRequirements } from "./requirements/merge-requirements.ts";
import { sourcesOf } from "./requirements/requirement-sources.ts";
import type { Requirement } from "./requirements/requirements.ts";
import type { SchemaRequirements } from "./requirements/schema-requirements.ts";

/**
 * The authorization lockfile: one line a field, sorted, with all that it takes to select it and with who asks for that:
 * `Query.me  authenticated  auth`; `public` where nobody does.
 */
export function printAccess({ schema, requirements }: SchemaRequirements, sources: MergedRequirements["sources"]): string {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
  const lines = types
    .filter(({ name }) => !name.startsWith("__"))
    .flatMap((type) =>
      Object.keys(type.getFields()).map((fieldName) => {
        const asking = sourcesOf(schema, { sources }, { type, fieldName }).map(({ source }) => source);
        const names = [...new Set(asking)].toSorted(compare);
        const needed = describeRequirement(sortRequirement(requirements.ofField(type, fieldName)));
        return [`${type.name}.${fieldName}`, needed, ...(names.length > 0 ? [names.join(",")] : [])].join("  ");
      }),
    );
  return `${lines.toSorted(compare).join("\n")}\n`;
}

/** Compares by code unit, so that no machine's language changes the file. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Sorts a requirement, so that neither the way graphs write it nor their order shows. */
function sortRequirement(requirement: Requirement | undefined): Requirement | undefined {
  if (requirement === undefined) return undefined;
  const { authenticated, scopes, roles } = requirement;
  return { authenticated, ...(scopes && { scopes: sortAlternatives(scopes) }), ...(roles && { roles: sortAlternatives(roles) }) };
}

function sortAlternatives(alternatives: Alternatives): Alternatives {
  const key = (names: readonly string[]) => JSON.stringify(names);
  return alternatives.map((names) => names.toSorted(compare)).toSorted((a, b) => compare(key(a), key(b)));
}
