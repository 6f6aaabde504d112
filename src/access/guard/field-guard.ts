import type { GraphQLInterfaceType, GraphQLObjectType, GraphQLResolveInfo } from "graphql";
import type { AuthError } from "../../core/errors.ts";
import { type Caller, denialOf, meets } from "../denials.ts";
import { implies, type Requirement } from "../requirements/requirements.ts";
import type { SelectionRequirements } from "../requirements/selection-requirements.ts";
import type { LexicalParents } from "./lexical-parents.ts";

/** Why the caller may not have this field, or undefined if they may. */
export type FieldGuard = (caller: Caller, info: GraphQLResolveInfo) => AuthError | undefined;

/** The guard of one field of an object type; undefined if nobody is ever denied it. */
export function createFieldGuard(
  type: GraphQLObjectType,
  fieldName: string,
  { requirements, lexicalParents }: { requirements: SelectionRequirements; lexicalParents: LexicalParents },
): FieldGuard | undefined {
  const coordinate = `${type.name}.${fieldName}`;
  const own = requirements.ofField(type, fieldName);
  const stricter = stricterByInterface(type, fieldName, requirements);
  if (stricter.size === 0) return own && ((caller) => denialOf(caller, own, coordinate));

  const all = [...(own === undefined ? [] : [own]), ...stricter.values()];
  return (caller, info) => {
    if (all.every((requirement) => meets(caller, requirement))) return undefined;
    let first: AuthError | undefined;
    // Fragments that select the field under one response key share its resolver: the most permissive of them decides, or a fragment
    // could null what another may have. Nothing leaks, since fields below are judged on concrete types.
    for (const node of info.fieldNodes) {
      const parent = lexicalParents.nameOf(node, info);
      const requirement = parent === undefined ? all.find((each) => !meets(caller, each)) : (stricter.get(parent) ?? own);
      const denial = requirement && denialOf(caller, requirement, coordinate);
      if (denial === undefined) return undefined;
      first ??= denial;
    }
    return first;
  };
}

/** Requirements of the plain field on the object's interfaces, by interface, where they ask for more than the object's own field does. */
function stricterByInterface(type: GraphQLObjectType, fieldName: string, requirements: SelectionRequirements): Map<string, Requirement> {
  const own = requirements.ofField(type, fieldName);
  const addsTo = (requirement: Requirement) => own === undefined || !implies(own, requirement);
  const entries = type.getInterfaces().flatMap((parent: GraphQLInterfaceType): [string, Requirement][] => {
    const requirement = parent.getFields()[fieldName] && requirements.ofField(parent, fieldName);
    return requirement !== undefined && addsTo(requirement) ? [[parent.name, requirement]] : [];
  });
  return new Map(entries);
}
