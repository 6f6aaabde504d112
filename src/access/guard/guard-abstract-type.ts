import { isPromise } from "@graphql-tools/utils";
import {
  defaultTypeResolver,
  GraphQLInterfaceType,
  type GraphQLSchema,
  type GraphQLTypeResolver,
  GraphQLUnionType,
  isInterfaceType,
} from "graphql";
import { type Caller, denialOf } from "../denials.ts";
import type { RequirementTable } from "../requirements/requirement-table.ts";
import type { Requirement } from "../requirements/requirements.ts";

/** A copy of an interface or union that answers for the guarded types among its possible ones; undefined if there are none. */
export function guardAbstractType(
  type: GraphQLInterfaceType | GraphQLUnionType,
  schema: GraphQLSchema,
  { table, callerOf }: { table: RequirementTable; callerOf: (context: unknown) => Caller },
): GraphQLInterfaceType | GraphQLUnionType | undefined {
  const guarded = new Map<string, Requirement>();
  for (const { name } of schema.getPossibleTypes(type)) {
    const requirement = table.types.get(name);
    if (requirement !== undefined) guarded.set(name, requirement);
  }
  if (guarded.size === 0) return undefined;
  const resolveType = guardTypeResolver(type.resolveType ?? defaultTypeResolver, guarded, callerOf);
  return isInterfaceType(type)
    ? new GraphQLInterfaceType({ ...type.toConfig(), resolveType })
    : new GraphQLUnionType({ ...type.toConfig(), resolveType });
}

type TypeResolver = GraphQLTypeResolver<unknown, unknown>;

/** Objects of a guarded type are denied as a whole: their `__typename` alone tells that they exist. */
function guardTypeResolver(
  resolveType: TypeResolver,
  guarded: ReadonlyMap<string, Requirement>,
  callerOf: (context: unknown) => Caller,
): TypeResolver {
  function admit(typeName: string | undefined, context: unknown): string | undefined {
    const requirement = typeName === undefined ? undefined : guarded.get(typeName);
    const denial = requirement && denialOf(callerOf(context), requirement, String(typeName));
    if (denial !== undefined) throw denial;
    return typeName;
  }
  return (value, context, info, abstractType) => {
    const typeName = resolveType(value, context, info, abstractType);
    return isPromise(typeName) ? typeName.then((name) => admit(name, context)) : admit(typeName, context);
  };
}
