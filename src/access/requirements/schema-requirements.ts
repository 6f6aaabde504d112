import type { GraphQLSchema } from "graphql";
import type { AuthError } from "../../core/errors.ts";
import type { RequirementTable } from "./requirement-table.ts";
import type { Requirement } from "./requirements.ts";
import type { SelectionRequirements } from "./selection-requirements.ts";

/** A schema and what it takes to see it. */
export interface SchemaRequirements {
  readonly schema: GraphQLSchema;
  readonly table: RequirementTable;
  readonly requirements: SelectionRequirements;
}

/** Why one caller may not see `coordinate`, or undefined if they may. */
export type Judge = (requirement: Requirement, coordinate: string) => AuthError | undefined;
