import { concatAST, type DocumentNode, parse, print } from "graphql";
import { batchFields } from "./entities.ts";
import { foldExtensions } from "./fold-extensions.ts";

const additions = `
directive @key(selectionSet: String!) on OBJECT
directive @merge(argsExpr: String, keyArg: String, keyField: String, key: [String!], additionalArgs: String) on FIELD_DEFINITION
${[...batchFields]
  .map(
    ([type, field]) => `
extend type ${type} @key(selectionSet: "{ id }")
extend type Query {
  ${field}(ids: [ID!]!): [${type}]! @merge(keyField: "id")
}`,
  )
  .join("\n")}
`;

/**
 * The graph's SDL as gateways of @graphql-tools/stitch take it in: with what @graphql-tools/stitching-directives reads, and without
 * what is for gateways only.
 */
export function toStitchingSdl(sdl: DocumentNode): string {
  return `${print(foldExtensions(concatAST([parse(additions), sdl])))}\n`;
}
