import type { GraphQLSchema } from "graphql";
import type { OperationOfDocument } from "../document-types.ts";
import { perOperation } from "../per-operation.ts";
import { createRecentValues, type RecentValues } from "../recent-values.ts";
import { refuseUnknownCoordinates } from "../requirements/refuse-unknown-coordinates.ts";
import type { RequirementTable } from "../requirements/requirement-table.ts";
import type { SchemaRequirements } from "../requirements/schema-requirements.ts";
import { createSelectionRequirements } from "../requirements/selection-requirements.ts";
import type { Cut } from "./cut.ts";
import { createPermissionKeys, type PermissionKeys } from "./permission-key.ts";

/** A schema whose requirements are enforced before and after execution, which may happen anywhere. */
export interface GuardedSchema extends SchemaRequirements {
  readonly permissionKeyOf: PermissionKeys;
  /** The cuts of one operation by permission key. They live as long as the document does. */
  cutsOf(request: OperationOfDocument): RecentValues<Cut>;
}

/** Sets of permissions that are remembered for one operation. */
const REMEMBERED_PERMISSIONS = 64;

/**
 * - `schema` is the one that clients see, `table` says what guards it. RequirementsError if the table names what the schema lacks
 *   or combines to too much.
 */
export function createGuardedSchema(schema: GraphQLSchema, table: RequirementTable): GuardedSchema {
  refuseUnknownCoordinates(schema, table);
  return {
    schema,
    table,
    requirements: createSelectionRequirements(schema, table),
    permissionKeyOf: createPermissionKeys(table),
    cutsOf: perOperation(() => createRecentValues<Cut>(REMEMBERED_PERMISSIONS)),
  };
}
