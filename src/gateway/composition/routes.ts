import { type DocumentNode, Kind, TypeInfo, validate, visit, visitWithTypeInfo } from "graphql";
import type { Part } from "./subschemas.ts";

/** Which graph can answer a whole document by itself; undefined: it takes several, or the composed schema itself. */
export function findWholeAnswerer(document: DocumentNode, parts: readonly Part[]): Part | undefined {
  if (asksForSchema(document)) return undefined;
  // The last one first: where two graphs have a field, stitching asks the later one, too.
  return parts.toReversed().find((part) => canAnswer(part, document));
}

/** Whether a part can answer a document, by GraphQL's own rules of validation. These miss only the lack of a whole root type. */
function canAnswer({ schema, computedFields }: Part, document: DocumentNode): boolean {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operations.every(({ operation }) => schema.getRootType(operation))) return false;
  if (validate(schema, document, undefined, { maxErrors: 1 }).length > 0) return false;
  if (computedFields.size === 0) return true;
  const typeInfo = new TypeInfo(schema);
  let needsOthers = false;
  const visitor = visitWithTypeInfo(typeInfo, {
    Field(node) {
      if (computedFields.has(`${typeInfo.getParentType()?.name}.${node.name.value}`)) needsOthers = true;
    },
  });
  visit(document, visitor);
  return !needsOthers;
}

/** `__schema` and `__type` are about what clients see, whichever graph they would ask. */
function asksForSchema(document: DocumentNode): boolean {
  let asks = false;
  visit(document, {
    [Kind.FIELD]({ name }) {
      if (name.value === "__schema" || name.value === "__type") asks = true;
    },
  });
  return asks;
}
