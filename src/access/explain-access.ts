import { type FieldNode, isAbstractType, TypeInfo, visit, visitWithTypeInfo } from "graphql";
import type { AuthError } from "../core/errors.ts";
import { isAnonymous, type Permissions } from "../core/permissions.ts";
import { fragmentsOf } from "./collect-fields.ts";
import { type Caller, denialOf } from "./denials.ts";
import { hasFields, type OperationOfDocument } from "./document-types.ts";
import type { MergedRequirements } from "./requirements/merge-requirements.ts";
import { type LocatedSource, sourcesOf } from "./requirements/requirement-sources.ts";
import { lackedNames, type Requirement } from "./requirements/requirements.ts";
import type { SchemaRequirements } from "./requirements/schema-requirements.ts";

/** The requirement for one coordinate that an operation selects. */
export interface AccessExplanation {
  /** `Type.field`, or `Type` for what an abstract type may turn out to be. */
  readonly coordinate: string;
  /** Undefined: the coordinate is public. */
  readonly requirement: Requirement | undefined;
  readonly sources: readonly LocatedSource[];
  /** Why this caller may not have it; undefined: they may. */
  readonly denial: AuthError | undefined;
  /** The scopes and roles that they would need beside their own: of each kind, what its closest alternative lacks. */
  readonly missing: readonly string[];
}

/** The permissions of a caller who has not signed in. */
const nothing: Permissions = { roles: new Set(), scopes: new Set() };

/** Explains each coordinate that the operation selects, in its order: what it needs, who asks for that, and what the caller lacks. */
export function explainAccess(
  { schema, table, requirements }: SchemaRequirements,
  sources: MergedRequirements["sources"],
  { as, ...request }: OperationOfDocument & { readonly as: Caller },
): readonly AccessExplanation[] {
  const explanations = new Map<string, AccessExplanation>();
  const typeInfo = new TypeInfo(schema);
  const held = isAnonymous(as) ? nothing : as;

  function explain(coordinate: string, requirement: Requirement | undefined, sources: readonly LocatedSource[]): void {
    const denial = requirement && denialOf(as, requirement, coordinate);
    const missing = requirement === undefined ? [] : lackedNames(requirement, held);
    explanations.set(coordinate, { coordinate, requirement, sources, denial, missing });
  }

  function explainField(node: FieldNode): void {
    const type = typeInfo.getParentType();
    const fieldName = node.name.value;
    if (!type || !hasFields(type) || type.getFields()[fieldName] === undefined) return;
    explain(`${type.name}.${fieldName}`, requirements.ofField(type, fieldName), sourcesOf(schema, { sources }, { type, fieldName }));
  }

  function explainObjects(): void {
    const type = typeInfo.getParentType();
    if (!type || !isAbstractType(type)) return;
    for (const { name } of schema.getPossibleTypes(type)) {
      const asking = (sources.get(name) ?? []).map((source) => ({ coordinate: name, ...source }));
      if (table.types.has(name)) explain(name, table.types.get(name), asking);
    }
  }

  const visitor = visitWithTypeInfo(typeInfo, { Field: explainField, SelectionSet: explainObjects });
  for (const definition of definitionsOf(request)) visit(definition, visitor);
  return [...explanations.values()];
}

function definitionsOf({ document, operation }: OperationOfDocument) {
  const fragments = fragmentsOf(document);
  const found = new Set<OperationOfDocument["document"]["definitions"][number]>([operation]);
  // A set goes on with what is added to it meanwhile.
  for (const definition of found) {
    visit(definition, {
      FragmentSpread({ name }) {
        const fragment = fragments.get(name.value);
        if (fragment !== undefined) found.add(fragment);
      },
    });
  }
  return found;
}
