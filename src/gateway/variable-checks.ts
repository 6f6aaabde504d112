import {
  type GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getVariableValues,
  isInputType,
  isListType,
  isNonNullType,
  isSpecifiedScalarType,
  typeFromAST,
  type VariableDefinitionNode,
} from "graphql";
import { perOperation } from "../access/per-operation.ts";
import type { Operation } from "../graphql/operations.ts";

/** The errors of the variables that a client sent; undefined: there are none. */
export type CheckVariables = (request: Pick<Operation, "document" | "operation" | "variableValues">) => readonly GraphQLError[] | undefined;

type Check = (value: unknown) => boolean;

const LARGEST_INT = 2 ** 31 - 1;
const plainScalars = new Map<string, Check>([
  ["Int", (value) => Number.isInteger(value) && Math.abs(value as number) <= LARGEST_INT],
  ["Float", Number.isFinite],
  ["String", (value) => typeof value === "string"],
  ["Boolean", (value) => typeof value === "boolean"],
  ["ID", (value) => typeof value === "string"],
]);

/**
 * By graphql-js, which makes types and values anew at every call; values that plainly fit scalars of its own are spared that. Whatever
 * else there is, it decides.
 */
export function createVariableChecks(schema: GraphQLSchema): CheckVariables {
  const checksOf = perOperation(({ operation }) =>
    (operation.variableDefinitions ?? []).map((definition) => ({
      name: definition.variable.name.value,
      fits: checkOf(schema, definition),
    })),
  );
  return (request) => {
    const { operation, variableValues } = request;
    if (checksOf(request).every(({ name, fits }) => Object.hasOwn(variableValues, name) && fits(variableValues[name]))) return undefined;
    return getVariableValues(schema, operation.variableDefinitions ?? [], variableValues).errors;
  };
}

function checkOf(schema: GraphQLSchema, { type: node }: VariableDefinitionNode): Check {
  // The overloads of typeFromAST know each kind of node, and no union of them.
  const type = typeFromAST(schema, node as never);
  return isInputType(type) ? plainCheck(type) : () => false;
}

/** True only for what surely fits. */
function plainCheck(type: GraphQLInputType): Check {
  if (isNonNullType(type)) return plainCheck(type.ofType);
  if (isListType(type)) {
    const fits = plainCheck(type.ofType);
    return (value) => Array.isArray(value) && value.every(fits);
  }
  return (isSpecifiedScalarType(type) && plainScalars.get(type.name)) || (() => false);
}
