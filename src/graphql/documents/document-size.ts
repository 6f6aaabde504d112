import {
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  type InlineFragmentNode,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { MAXIMUM_FIRST } from "../../auth/paging/pages.ts";
import { mutationsThat } from "../policies/root-policies.ts";

/** The size of a document, with every fragment counted wherever it is spread. */
export interface DocumentSize {
  /** Fields below each other; infinite where a fragment spreads itself. */
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields that are answered, lists counted by their items. */
  readonly cost: number;
  /** Fields that check or set a password, in the operation that has the most of them. */
  readonly credentials: number;
}

/** The assumed number of items in a list without pages: someone's live sessions. */
const ASSUMED_ITEMS = 10;
export const credentialFields = mutationsThat(({ passwords }) => passwords !== undefined);

const nothing: DocumentSize = { depth: 0, fields: 0, aliases: 0, directives: 0, cost: 0, credentials: 0 };
const endless: DocumentSize = { ...nothing, depth: Number.POSITIVE_INFINITY };

/**
 * Walks through each fragment once, however often it is spread, so the effort is bounded by the document's length.
 * The document need not be valid: what the schema does not know counts as a plain field.
 */
export function sizeOfDocument(document: DocumentNode, schema: GraphQLSchema): DocumentSize {
  const fragments = fragmentsOf(document);
  const sizes = new Map<FragmentDefinitionNode, DocumentSize>();

  function ofFragment(fragment: FragmentDefinitionNode): DocumentSize {
    const known = sizes.get(fragment);
    if (known !== undefined) return known;
    // A look-up that comes back here before the size is known is inside the fragment.
    sizes.set(fragment, endless);
    const inner = ofSelections(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value));
    const size = { ...inner, directives: inner.directives + countDirectives(fragment) };
    sizes.set(fragment, size);
    return size;
  }

  function ofSelections({ selections }: SelectionSetNode, parent: GraphQLNamedType | undefined): DocumentSize {
    return sum(selections.map((selection) => ofSelection(selection, parent)));
  }

  function ofSelection(node: SelectionNode, parent: GraphQLNamedType | undefined): DocumentSize {
    if (node.kind === Kind.FIELD) return ofField(node, parent);
    const inner = node.kind === Kind.FRAGMENT_SPREAD ? ofSpread(node.name.value) : ofInline(node, parent);
    return { ...inner, directives: inner.directives + countDirectives(node) };
  }

  function ofInline({ selectionSet, typeCondition }: InlineFragmentNode, parent: GraphQLNamedType | undefined): DocumentSize {
    return ofSelections(selectionSet, typeCondition === undefined ? parent : schema.getType(typeCondition.name.value));
  }

  function ofSpread(name: string): DocumentSize {
    const fragment = fragments.get(name);
    return fragment === undefined ? nothing : ofFragment(fragment);
  }

  function ofField(node: FieldNode, parent: GraphQLNamedType | undefined): DocumentSize {
    const field = fieldOf(parent, node.name.value);
    const inner = node.selectionSet === undefined ? nothing : ofSelections(node.selectionSet, field && getNamedType(field.type));
    const isCredential = credentialFields.has(node.name.value) && parent === schema.getMutationType();
    return {
      depth: inner.depth + 1,
      fields: inner.fields + 1,
      aliases: inner.aliases + (node.alias === undefined ? 0 : 1),
      directives: inner.directives + countDirectives(node),
      cost: 1 + inner.cost * expectedItems(node, field, parent),
      credentials: inner.credentials + (isCredential ? 1 : 0),
    };
  }

  const ofOperations = document.definitions.filter(isOperation).map((operation) => {
    const inner = ofSelections(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined);
    const directives = [operation, ...(operation.variableDefinitions ?? [])].map(countDirectives);
    return { ...inner, directives: directives.reduce((total, count) => total + count, inner.directives) };
  });
  // Validation looks at fragments that nothing spreads, too.
  const unspread = [...fragments.values()].filter((fragment) => !sizes.has(fragment)).map(ofFragment);
  const credentials = Math.max(0, ...ofOperations.map((size) => size.credentials));
  return { ...sum([...ofOperations, ...unspread]), credentials };
}

function fragmentsOf({ definitions }: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = definitions.filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

function isOperation(node: DefinitionNode): node is OperationDefinitionNode {
  return node.kind === Kind.OPERATION_DEFINITION;
}

function sum(sizes: readonly DocumentSize[]): DocumentSize {
  const total = { ...nothing };
  for (const { depth, fields, aliases, directives, cost, credentials } of sizes) {
    total.depth = Math.max(total.depth, depth);
    total.fields += fields;
    total.aliases += aliases;
    total.directives += directives;
    total.cost += cost;
    total.credentials += credentials;
  }
  return total;
}

function countDirectives({ directives = [] }: { directives?: readonly unknown[] | undefined }): number {
  return directives.length;
}

type Field = GraphQLField<unknown, unknown>;

function fieldOf(parent: GraphQLNamedType | undefined, name: string): Field | undefined {
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

/** How often what is selected below a field is answered. */
function expectedItems(node: FieldNode, field: Field | undefined, parent: GraphQLNamedType | undefined): number {
  if (field === undefined) return 1;
  const first = field.args.find(({ name }) => name === "first");
  if (first !== undefined) return pageSize(node, first.defaultValue);
  // A connection's own lists were counted with its `first`.
  const isOfPage = fieldOf(parent, "pageInfo") !== undefined;
  return isListType(getNullableType(field.type)) && !isOfPage ? ASSUMED_ITEMS : 1;
}

function pageSize({ arguments: given = [] }: FieldNode, byDefault: unknown): number {
  // What a variable could be.
  const most = typeof byDefault === "number" ? Math.max(byDefault, MAXIMUM_FIRST) : MAXIMUM_FIRST;
  const value = given.find(({ name }) => name.value === "first")?.value;
  const written = value === undefined ? byDefault : value.kind === Kind.INT ? Number(value.value) : undefined;
  return typeof written === "number" ? Math.min(Math.max(written, 1), most) : most;
}
