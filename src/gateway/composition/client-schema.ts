import { MapperKind, mapSchema, pruneSchema } from "@graphql-tools/utils";
import type { GraphQLSchema } from "graphql";

/** Fields and types for gateways, and a supergraph's own machinery: `_entities`, `_service`, `_sdl`, `join__Graph`. */
const internalField = /^_/;
const internalType = /^(_Any|_Entity|_FieldSet|_Service|(link|join|core)__\w*)$/;
const internalDirectives: ReadonlySet<string> = new Set([
  ...["link", "inaccessible", "tag", "key", "merge", "computed", "canonical", "shareable", "external"],
  ...["requires", "provides", "override", "composeDirective", "interfaceObject", "extends"],
]);
const importedDirective = /^(link|join|core|federation)__\w*$/;

/**
 * The schema that clients see: without what the graphs behind it keep to themselves. It can be executed, as the stitched one can; what is
 * hidden here takes part in stitching only.
 */
export function toClientSchema(stitched: GraphQLSchema, hiddenFields: ReadonlySet<string>): GraphQLSchema {
  const isHidden = (name: string) => internalField.test(name) || hiddenFields.has(name);
  const visible = mapSchema(stitched, {
    [MapperKind.DIRECTIVE]: (directive) =>
      internalDirectives.has(directive.name) || importedDirective.test(directive.name) ? null : directive,
    [MapperKind.TYPE]: (type) => (internalType.test(type.name) || isInaccessible(type) ? null : type),
    [MapperKind.QUERY_ROOT_FIELD]: (field, name) => (isHidden(name) || isInaccessible(field) ? null : field),
    [MapperKind.FIELD]: (field) => (isInaccessible(field) ? null : field),
    [MapperKind.ARGUMENT]: (argument) => (isInaccessible(argument) ? null : argument),
    [MapperKind.ENUM_VALUE]: (value) => (isInaccessible(value) ? null : value),
  });
  return pruneSchema(visible, { skipUnimplementedInterfacesPruning: true });
}

interface Described {
  readonly astNode?: { readonly directives?: readonly { readonly name: { readonly value: string } }[] } | null | undefined;
}

/** Federation's `@inaccessible`: part of the graphs, not of their API. */
function isInaccessible({ astNode }: Described): boolean {
  return astNode?.directives?.some(({ name }) => name.value === "inaccessible") === true;
}
