import { type GraphQLNamedType, type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from "graphql";
import { StartupError } from "../../core/errors.ts";
import type { Answerer } from "../upstreams/upstream.ts";
import type { Part } from "./subschemas.ts";

/** The names of types that graphs have for gateways: each graph has its own. */
const ofGraphItself = /^_/;

/**
 * A type that two graphs have becomes one, and the later graph's word counts: an upstream whose `User.email` is an `Int` would change what
 * `me` answers. Throws a StartupError that lists every place where a graph says otherwise than the auth graph.
 */
export function refuseConflictingTypes(
  parts: readonly Part[],
  auth: { readonly answerer: Answerer; readonly schema: GraphQLSchema },
): void {
  const problems = parts
    .filter(({ answerer }) => answerer !== auth.answerer)
    .flatMap(({ answerer, schema }) =>
      conflictsWith(schema, auth.schema).map((conflict) => `- ${conflict.replace("{graph}", answerer.name)}`),
    );
  if (problems.length === 0) return;
  const list = [...new Set(problems)].join("\n");
  throw new StartupError(`Types of the auth graph are other types in graphs behind the gateway; rename them there:\n${list}`);
}

function conflictsWith(schema: GraphQLSchema, auth: GraphQLSchema): string[] {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !ofGraphItself.test(name));
  return types.flatMap((type) => {
    const own = auth.getType(type.name);
    return own === undefined ? [] : conflictsOf(type, own);
  });
}

function conflictsOf(type: GraphQLNamedType, own: GraphQLNamedType): string[] {
  if (kindOf(type) !== kindOf(own)) return [`${type.name} of "{graph}" is another kind of type`];
  if (isEnumType(type) && isEnumType(own)) {
    const known = new Set(own.getValues().map(({ name }) => name));
    const others = type.getValues().filter(({ name }) => !known.has(name));
    return others.map(({ name }) => `${type.name}.${name} of "{graph}" is no value in the auth graph`);
  }
  const [fields, ownFields] = [fieldTypesOf(type), fieldTypesOf(own)];
  return [...fields].flatMap(([name, written]) => {
    const expected = ownFields.get(name);
    return expected === undefined || expected === written
      ? []
      : [`${type.name}.${name} of "{graph}" is ${written}, in the auth graph ${expected}`];
  });
}

function kindOf(type: GraphQLNamedType): string {
  return type.constructor.name;
}

/** The types of fields without their non-null marks, which may differ: merging takes the weaker promise. */
function fieldTypesOf(type: GraphQLNamedType): ReadonlyMap<string, string> {
  if (!(isObjectType(type) || isInterfaceType(type) || isInputObjectType(type))) return new Map();
  return new Map(Object.values(type.getFields()).map((field) => [field.name, String(field.type).replaceAll("!", "")]));
}
