import { MapperKind, mapSchema } from "@graphql-tools/utils";
import { defaultFieldResolver, type GraphQLFieldConfig, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from "graphql";
import type { Caller } from "../denials.ts";
import { refuseUnknownCoordinates } from "../requirements/refuse-unknown-coordinates.ts";
import type { RequirementTable } from "../requirements/requirement-table.ts";
import { createSelectionRequirements } from "../requirements/selection-requirements.ts";
import { createFieldGuard, type FieldGuard } from "./field-guard.ts";
import { guardAbstractType } from "./guard-abstract-type.ts";
import { createLexicalParents } from "./lexical-parents.ts";

type FieldConfig = GraphQLFieldConfig<unknown, unknown>;
type CallerOf = (context: unknown) => Caller;

/**
 * A copy of the schema that enforces the table while it executes, on concrete types: aliases, fragments and abstract types lead
 * nowhere else. A denied field's resolver does not run; the field throws an AuthError (UNAUTHENTICATED or FORBIDDEN),
 * so it is null with an error at its path. What nobody is denied keeps its own resolvers and costs nothing.
 *
 * - `table` is the one of this schema; RequirementsError if it names what the schema lacks or combines to too much.
 * - `callerOf` is asked at every guarded field, so that a caller can change during a subscription; whatever it throws denies.
 * - Guarded and abstract types without a resolver get graphql-js's default ones: `execute`'s `fieldResolver` and
 *   `typeResolver` options no longer reach them.
 * - A guarded root type's own `__typename` is answered by graphql-js itself: see `denyRootTypename`.
 */
export function guardSchema(schema: GraphQLSchema, table: RequirementTable, callerOf: CallerOf): GraphQLSchema {
  refuseUnknownCoordinates(schema, table);
  const requirements = createSelectionRequirements(schema, table);
  const lexicalParents = createLexicalParents();

  function guardField(config: FieldConfig, fieldName: string, typeName: string): FieldConfig | undefined {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) return undefined;
    const guard = createFieldGuard(type, fieldName, { requirements, lexicalParents });
    if (guard === undefined) return undefined;
    const resolve = guardResolver(config.resolve ?? defaultFieldResolver, guard, callerOf);
    if (type !== schema.getSubscriptionType()) return { ...config, resolve };
    return { ...config, resolve, subscribe: guardResolver(config.subscribe ?? defaultFieldResolver, guard, callerOf) };
  }

  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: guardField,
    [MapperKind.ABSTRACT_TYPE]: (type) => guardAbstractType(type, schema, { table, callerOf }),
  });
}

type Resolver = GraphQLFieldResolver<unknown, unknown>;

function guardResolver(resolve: Resolver, guard: FieldGuard, callerOf: CallerOf): Resolver {
  return (source, args, context, info) => {
    const denial = guard(callerOf(context), info);
    if (denial !== undefined) throw denial;
    return resolve(source, args, context, info);
  };
}
