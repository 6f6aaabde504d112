import { type ASTNode, type ConstDirectiveNode, type DocumentNode, Kind, visit } from "graphql";

export interface AppliedDirective {
  readonly directive: ConstDirectiveNode;
  /** The schema coordinate that it is applied to: `Type`, `Type.field`, `Type.field(argument:)`. */
  readonly coordinate: string;
  /** The kind of place, if a requirement can stand there; else what it stands on, in words. */
  readonly location: "type" | "field" | { readonly forbidden: string };
}

const locations: Readonly<Partial<Record<Kind, AppliedDirective["location"]>>> = {
  [Kind.OBJECT_TYPE_DEFINITION]: "type",
  [Kind.OBJECT_TYPE_EXTENSION]: "type",
  [Kind.INTERFACE_TYPE_DEFINITION]: "type",
  [Kind.INTERFACE_TYPE_EXTENSION]: "type",
  [Kind.SCALAR_TYPE_DEFINITION]: "type",
  [Kind.SCALAR_TYPE_EXTENSION]: "type",
  [Kind.ENUM_TYPE_DEFINITION]: "type",
  [Kind.ENUM_TYPE_EXTENSION]: "type",
  [Kind.FIELD_DEFINITION]: "field",
  [Kind.UNION_TYPE_DEFINITION]: { forbidden: "a union" },
  [Kind.UNION_TYPE_EXTENSION]: { forbidden: "a union" },
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: { forbidden: "an input object" },
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: { forbidden: "an input object" },
  [Kind.INPUT_VALUE_DEFINITION]: { forbidden: "an argument or input field" },
  [Kind.ENUM_VALUE_DEFINITION]: { forbidden: "an enum value" },
  [Kind.SCHEMA_DEFINITION]: { forbidden: "the schema" },
  [Kind.SCHEMA_EXTENSION]: { forbidden: "the schema" },
};

/** Every directive that is applied anywhere in the SDL, in order of appearance. */
export function listAppliedDirectives(sdl: DocumentNode): AppliedDirective[] {
  const applied: AppliedDirective[] = [];
  visit(sdl, {
    Directive(directive, _key, _parent, _path, ancestors) {
      const [, ...owners] = ancestors.filter((ancestor): ancestor is ASTNode => "kind" in ancestor);
      const owner = owners.at(-1);
      const location = (owner && locations[owner.kind]) ?? { forbidden: "an operation or directive" };
      applied.push({ directive: directive as ConstDirectiveNode, coordinate: coordinateOf(owners), location });
    },
  });
  return applied;
}

function coordinateOf([definition, member, argument]: readonly ASTNode[]): string {
  if (definition === undefined || member === undefined) return definition === undefined ? "schema" : nameOf(definition);
  if (definition.kind === Kind.DIRECTIVE_DEFINITION) return `@${nameOf(definition)}(${nameOf(member)}:)`;
  const coordinate = `${nameOf(definition)}.${nameOf(member)}`;
  return argument === undefined ? coordinate : `${coordinate}(${nameOf(argument)}:)`;
}

function nameOf(node: ASTNode): string {
  return "name" in node && node.name !== undefined && "value" in node.name ? node.name.value : "schema";
}
