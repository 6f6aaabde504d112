import type { GraphQLSchema } from "graphql";
import { RequirementsError, type RequirementTable } from "./requirement-table.ts";

/** A requirement that nothing in the schema answers to would be dropped in silence: after a rename, say. */
export function refuseUnknownCoordinates(schema: GraphQLSchema, table: RequirementTable): void {
  const problems: string[] = [];
  for (const name of table.types.keys()) {
    if (!schema.getType(name)) problems.push(`${name}: the schema has no such type`);
  }
  for (const coordinate of table.fields.keys()) {
    const [typeName = "", fieldName = ""] = coordinate.split(".");
    const type = schema.getType(typeName);
    const fields = type && "getFields" in type ? type.getFields() : {};
    if (!Object.hasOwn(fields, fieldName)) problems.push(`${coordinate}: the schema has no such field`);
  }
  if (problems.length > 0) throw new RequirementsError(problems);
}
