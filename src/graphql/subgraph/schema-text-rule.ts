import { type ASTVisitor, GraphQLError, type ValidationContext } from "graphql";

const schemaTexts: ReadonlySet<string> = new Set(["_sdl", "_service"]);

/** Refuses fields that answer the schema's text, as graphql-js's own rule refuses `__schema` and `__type`. */
export function noSchemaTextRule(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      const name = node.name.value;
      if (!schemaTexts.has(name) || context.getParentType() !== context.getSchema().getQueryType()) return;
      const message = `GraphQL introspection has been disabled, but the requested query contained the field "${name}".`;
      context.reportError(new GraphQLError(message, { nodes: node }));
    },
  };
}
