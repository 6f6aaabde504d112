import { type DefinitionNode, type DocumentNode, Kind, type ObjectTypeExtensionNode } from "graphql";

/** The document with its `extend type …` made part of the definitions: not every reader of SDL looks at extensions. */
export function foldExtensions(document: DocumentNode): DocumentNode {
  const extensions = document.definitions.filter(isExtension);
  const definitions = document.definitions.filter((node) => !isExtension(node));
  return { ...document, definitions: definitions.map((node) => extensions.reduce(fold, node)) };
}

function isExtension(node: DefinitionNode): node is ObjectTypeExtensionNode {
  return node.kind === Kind.OBJECT_TYPE_EXTENSION;
}

function fold(definition: DefinitionNode, extension: ObjectTypeExtensionNode): DefinitionNode {
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION || definition.name.value !== extension.name.value) return definition;
  return {
    ...definition,
    fields: [...(definition.fields ?? []), ...(extension.fields ?? [])],
    directives: [...(definition.directives ?? []), ...(extension.directives ?? [])],
  };
}
