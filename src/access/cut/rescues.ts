import {
  type DirectiveNode,
  type FieldNode,
  type GraphQLCompositeType,
  getNamedType,
  isCompositeType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type VariableNode,
} from "graphql";
import { AuthError } from "../../core/errors.ts";
import { responseKeyOf } from "../collect-fields.ts";
import { fieldOf, possibleTypesOf, typeOfFragment } from "../document-types.ts";
import { type Cutting, denialOfField, type Rescue, type Rescues } from "./cut-selections.ts";

/** A selection set, or a field of one, with all conditions on the way to it. */
interface Standing<Node> {
  readonly node: Node;
  readonly type: GraphQLCompositeType;
  readonly conditions: readonly DirectiveNode[];
}

interface Search extends Cutting {
  readonly found: Map<FieldNode, Map<string, Rescue>>;
  fieldsLeft: number;
}

/** Fragments count wherever they are spread; no document that has passed the limits comes near. Effort grows with the square. */
const MAXIMUM_FIELDS = 1000;

/** Which denied selections share a response key with permitted ones, in the operation whose root this is. */
export function findRescues(root: SelectionSetNode, rootType: GraphQLCompositeType, cutting: Cutting): Rescues {
  const search: Search = { ...cutting, found: new Map(), fieldsLeft: MAXIMUM_FIELDS };
  searchScope(search, [{ node: root, type: rootType, conditions: [] }]);
  return new Map([...search.found].map(([node, byKey]) => [node, [...byKey.values()]]));
}

type Scope = readonly Standing<SelectionSetNode>[];

function searchScope(search: Search, scope: Scope): void {
  for (const fields of fieldsOf(search, scope).values()) {
    const judged = fields.map((field) => ({ field, denial: denialOfField(search, field.node, { type: field.type, path: [] }) }));
    const permitted = judged.flatMap(({ field, denial }) => (denial === undefined ? [field] : []));
    const rescuable = judged.flatMap(({ field, denial }) => (denial?.isDeniedByOthers === true ? [field] : []));
    for (const field of rescuable) for (const other of permitted) rescue(search, field, other);
    const inner = permitted.length === 0 ? [] : [...permitted, ...rescuable].flatMap((field) => innerOf(search, field));
    if (inner.length > 0) searchScope(search, inner);
  }
}

/** All fields that one object may answer together, by response key. */
function fieldsOf(search: Search, scope: Scope): ReadonlyMap<string, readonly Standing<FieldNode>[]> {
  const fields = new Map<string, Standing<FieldNode>[]>();
  const visited = new Set<string>();

  function visit({ node, type, conditions }: Standing<SelectionNode>): void {
    if (isNever(node)) return;
    const inner = addConditions(conditions, node);
    if (node.kind === Kind.FIELD) {
      add({ node, type, conditions: inner });
      return;
    }
    const spread = node.kind === Kind.FRAGMENT_SPREAD ? `${node.name.value} ${keyOf(inner)}` : undefined;
    if (spread !== undefined && visited.has(spread)) return;
    if (spread !== undefined) visited.add(spread);
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? search.fragments.get(node.name.value) : node;
    const innerType = fragment && typeOfFragment(search.required.schema, fragment, type);
    if (innerType === undefined) return;
    for (const selection of fragment?.selectionSet.selections ?? []) visit({ node: selection, type: innerType, conditions: inner });
  }

  function add(field: Standing<FieldNode>): void {
    search.fieldsLeft -= 1;
    if (search.fieldsLeft < 0) {
      throw new AuthError("BAD_USER_INPUT", { fields: { request: ["Selects too much under shared response keys."] } });
    }
    const key = responseKeyOf(field.node);
    fields.set(key, [...(fields.get(key) ?? []), field]);
  }

  for (const { node, type, conditions } of scope) for (const selection of node.selections) visit({ node: selection, type, conditions });
  return fields;
}

/** Whether `@skip(if: true)` or `@include(if: false)` is written out. */
function isNever({ directives = [] }: SelectionNode): boolean {
  return directives.filter(isConditional).some(({ name, arguments: given = [] }) => {
    const value = given[0]?.value;
    return value?.kind === Kind.BOOLEAN && value.value === (name.value === "skip");
  });
}

function isConditional({ name }: DirectiveNode): boolean {
  return name.value === "skip" || name.value === "include";
}

function addConditions(conditions: readonly DirectiveNode[], { directives = [] }: SelectionNode): readonly DirectiveNode[] {
  const added = directives.filter((directive) => isConditional(directive) && variableOf(directive) !== undefined);
  if (added.length === 0) return conditions;
  const byKey = new Map([...conditions, ...added].map((directive) => [keyOf([directive]), directive]));
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, directive]) => directive);
}

function variableOf(directive: DirectiveNode): VariableNode | undefined {
  const value = directive.arguments?.[0]?.value;
  return value?.kind === Kind.VARIABLE ? value : undefined;
}

function keyOf(conditions: readonly DirectiveNode[]): string {
  return conditions.map((directive) => `${directive.name.value} ${variableOf(directive)?.name.value}`).join();
}

/** Finds the objects on which the permitted field beside a denied one lets it through: those that both can stand on. */
function rescue({ required, found }: Search, field: Standing<FieldNode>, permitted: Standing<FieldNode>): void {
  const reachable = new Set(possibleTypesOf(required.schema, permitted.type));
  const known = found.get(field.node) ?? new Map<string, Rescue>();
  for (const { name: typeName } of possibleTypesOf(required.schema, field.type).filter((object) => reachable.has(object))) {
    known.set(`${typeName} ${keyOf(permitted.conditions)}`, { typeName, conditions: permitted.conditions });
  }
  if (known.size > 0) found.set(field.node, known);
}

function innerOf({ required }: Search, { node, type, conditions }: Standing<FieldNode>): Scope {
  const field = fieldOf(required.schema, type, node.name.value);
  const inner = field && getNamedType(field.type);
  if (node.selectionSet === undefined || !isCompositeType(inner)) return [];
  return [{ node: node.selectionSet, type: inner, conditions }];
}
