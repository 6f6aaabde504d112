import type { GraphQLSchema } from "graphql";
import type { OperationOfDocument } from "../../access/document-types.ts";
import type { Cut } from "../../access/forwarded/cut.ts";
import { cutNothing } from "../../access/forwarded/cut-operation.ts";
import { createGuardedSchema, type GuardedSchema } from "../../access/forwarded/guarded-schema.ts";
import { perOperation } from "../../access/per-operation.ts";
import type { RequirementTable } from "../../access/requirements/requirement-table.ts";
import { createRootFieldsReader, type ReadRootFields } from "../../access/root-fields.ts";
import { perObject } from "../../core/per-object.ts";
import { AUTH_GRAPH } from "../auth-answerer.ts";
import { type CheckVariables, createVariableChecks } from "../variable-checks.ts";
import { findWholeAnswerer } from "./routes.ts";
import type { Part } from "./subschemas.ts";

/** All graphs as one, and what it takes to see it. */
export interface ComposedGraph {
  readonly access: GuardedSchema;
  /** The graph that can answer a cut operation by itself; undefined: it takes several, or the composed schema. Found once for each cut. */
  answererOf(cut: Cut): Part | undefined;
  readonly rootFieldsOf: ReadRootFields;
  readonly checkVariables: CheckVariables;
  /** Whether the auth graph can and may answer all of an operation without us. */
  isOfAuthAlone(request: OperationOfDocument): boolean;
}

export interface ComposedParts {
  /** The schema as clients see it; it can be executed. */
  readonly schema: GraphQLSchema;
  readonly parts: readonly Part[];
  /** The requirements of the whole schema. */
  readonly table: RequirementTable;
  /** The same requirements, without those that hold only because an upstream has a type of the auth graph's name. */
  readonly tableOfAuth: RequirementTable;
  /** The requirements that the auth graph states itself. */
  readonly authTable: RequirementTable;
}

export function createComposedGraph({ schema, parts, table, tableOfAuth, authTable }: ComposedParts): ComposedGraph {
  const access = createGuardedSchema(schema, table);
  const answererOf = perObject(({ document }: Cut) => document && findWholeAnswerer(document, parts));
  const auth = parts.find(({ answerer }) => answerer.name === AUTH_GRAPH);
  // It asks by itself for all that it takes to see it here: then it needs no other guard.
  const authGuardsItself = auth !== undefined && addsNothing(tableOfAuth, authTable, auth.schema);

  return {
    access,
    answererOf,
    rootFieldsOf: createRootFieldsReader(schema),
    checkVariables: createVariableChecks(schema),
    isOfAuthAlone: perOperation((request) => authGuardsItself && answererOf(cutNothing(access, request))?.answerer.name === AUTH_GRAPH),
  };
}

/** Whether a table asks for no more than another does, on the types of one schema. */
function addsNothing(table: RequirementTable, own: RequirementTable, schema: GraphQLSchema): boolean {
  const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  const types = [...table.types].filter(([name]) => schema.getType(name) !== undefined);
  const fields = [...table.fields].filter(([coordinate]) => hasField(schema, coordinate));
  return (
    types.every(([name, requirement]) => isSame(requirement, own.types.get(name))) &&
    fields.every(([coordinate, requirement]) => isSame(requirement, own.fields.get(coordinate)))
  );
}

function hasField(schema: GraphQLSchema, coordinate: string): boolean {
  const [typeName = "", fieldName = ""] = coordinate.split(".");
  const type = schema.getType(typeName);
  return type !== undefined && "getFields" in type && Object.hasOwn(type.getFields(), fieldName);
}
