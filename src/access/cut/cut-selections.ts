import {
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  type InlineFragmentNode,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import type { AuthError } from "../../core/errors.ts";
import { type Fragments, responseKeyOf } from "../collect-fields.ts";
import { fieldOf, hasFields, possibleTypesOf, typeOfFragment } from "../document-types.ts";
import type { Requirement } from "../requirements/requirements.ts";
import type { Judge, SchemaRequirements } from "../requirements/schema-requirements.ts";

export interface DeniedSelection {
  /** The selection in the original document. */
  readonly node: FieldNode;
  /** The coordinate, with the type that the selection stands on. */
  readonly coordinate: string;
  readonly requirement: Requirement;
  readonly error: AuthError;
  /** The response keys that lead to the first place where it stands. */
  readonly path: readonly string[];
  /** Some of the objects that may answer it would show it to the caller inside a fragment on their own type. */
  readonly isDeniedByOthers: boolean;
}

/**
 * Where a denied selection shares its response key with a permitted one, what is selected below both is answered by one object, so
 * it is sent for that object type, and only if the permitted one is included.
 */
export interface Rescue {
  readonly typeName: string;
  /** All `@skip` and `@include` on the way to the permitted one. */
  readonly conditions: readonly DirectiveNode[];
}
export type Rescues = ReadonlyMap<FieldNode, readonly Rescue[]>;

export interface Cutting {
  readonly required: SchemaRequirements;
  readonly judge: Judge;
  readonly fragments: Fragments;
  readonly rescues: Rescues;
}

export interface CutSelections {
  /** The selections that are left; undefined: none. */
  readonly selectionSet: SelectionSetNode | undefined;
  /** The fragments that it spreads, cut. */
  readonly fragments: readonly FragmentDefinitionNode[];
  readonly denied: ReadonlyMap<FieldNode, DeniedSelection>;
}

interface Cutter extends Cutting {
  readonly rootType: GraphQLCompositeType;
  readonly denied: Map<FieldNode, DeniedSelection>;
  /** The cut fragments by name; undefined: nothing is left of one. */
  readonly cutFragments: Map<string, FragmentDefinitionNode | undefined>;
}

const typenameField: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

/**
 * Takes the denied selections out of an operation's root selection set. Each is judged by the type that it stands on in the
 * document, so a fragment is cut once, wherever it is spread. `__typename` is added where an answer's type must be known
 * to tell what stands in it, and where nothing else is left to ask whether there is an object at all.
 */
export function cutSelections(root: SelectionSetNode, rootType: GraphQLCompositeType, cutting: Cutting): CutSelections {
  const cutter: Cutter = { ...cutting, rootType, denied: new Map(), cutFragments: new Map() };
  const selectionSet = cutSet(cutter, root, { type: rootType, path: [] });
  const fragments = [...cutter.cutFragments.values()].filter((fragment) => fragment !== undefined);
  return { selectionSet, fragments, denied: cutter.denied };
}

interface Place {
  readonly type: GraphQLCompositeType;
  readonly path: readonly string[];
}

function cutSet(cutter: Cutter, set: SelectionSetNode, place: Place): SelectionSetNode | undefined {
  const selections = set.selections.flatMap((node) => cutNode(cutter, node, place));
  if (selections.length === 0) return undefined;
  const isWhole = selections.length === set.selections.length && selections.every((node, index) => node === set.selections[index]);
  return isWhole ? set : { ...set, selections };
}

function cutNode(cutter: Cutter, node: SelectionNode, place: Place): readonly SelectionNode[] {
  if (node.kind === Kind.FIELD) return cutField(cutter, node, place);
  if (node.kind === Kind.FRAGMENT_SPREAD) return cutFragment(cutter, node.name.value, place) === undefined ? [] : [node];
  const type = typeOfFragment(cutter.required.schema, node, place.type);
  const selectionSet = type && cutSet(cutter, node.selectionSet, { ...place, type });
  if (selectionSet === undefined) return [];
  return selectionSet === node.selectionSet ? [node] : [{ ...node, selectionSet }];
}

function cutField(cutter: Cutter, node: FieldNode, { type, path }: Place): readonly SelectionNode[] {
  const { required, denied, rescues } = cutter;
  const place = { type, path: [...path, responseKeyOf(node)] };
  if (node.name.value === "__typename") return keepTypename(cutter, node, place);
  const field = fieldOf(required.schema, type, node.name.value);
  if (field === undefined) return [];
  // No requirement stands on a type of the introspection; it is looked through for the fragments that it spreads.
  const denial = denialOfField(cutter, node, place);
  const kept = () => keepField(cutter, node, { ...place, type: getNamedType(field.type) });
  if (denial === undefined) return [kept()];
  denied.set(node, denial);
  const ways = rescues.get(node) ?? [];
  return ways.map((rescue) => rescued(kept(), type.name, rescue));
}

/** The root's own is guarded like a field. Elsewhere, an object of a guarded type is denied as a whole. */
function keepTypename({ required, judge, rootType, denied }: Cutter, node: FieldNode, { path }: Place): readonly FieldNode[] {
  const requirement = path.length === 1 ? required.table.types.get(rootType.name) : undefined;
  const coordinate = `${rootType.name}.__typename`;
  const error = requirement && judge(requirement, coordinate);
  if (requirement !== undefined && error !== undefined) {
    denied.set(node, { node, coordinate, requirement, error, path, isDeniedByOthers: false });
  }
  return [node];
}

/** Why the caller may not have what `node` selects on `place.type`, or undefined if they may. */
export function denialOfField({ required, judge }: Cutting, node: FieldNode, { type, path }: Place): DeniedSelection | undefined {
  const name = node.name.value;
  const requirement = hasFields(type) ? required.requirements.ofField(type, name) : undefined;
  const coordinate = `${type.name}.${name}`;
  const error = requirement && judge(requirement, coordinate);
  if (requirement === undefined || error === undefined) return undefined;
  const isDeniedByOthers = isInterfaceType(type) && possibleTypesOf(required.schema, type).some((object) => isOpen(object, name));
  return { node, coordinate, requirement, error, path, isDeniedByOthers };

  function isOpen(object: GraphQLObjectType, fieldName: string): boolean {
    const own = required.requirements.ofField(object, fieldName);
    return own === undefined || judge(own, `${object.name}.${fieldName}`) === undefined;
  }
}

function keepField(cutter: Cutter, node: FieldNode, { type, path }: { type: GraphQLNamedType; path: readonly string[] }): FieldNode {
  if (node.selectionSet === undefined || !isCompositeType(type)) return node;
  const cut = cutSet(cutter, node.selectionSet, { type, path }) ?? { ...node.selectionSet, selections: [] };
  const selectionSet = isAbstractType(type) || cut.selections.length === 0 ? withTypename(cut) : cut;
  return selectionSet === node.selectionSet ? node : { ...node, selectionSet };
}

function withTypename(set: SelectionSetNode): SelectionSetNode {
  return set.selections.some(isPlainTypename) ? set : { ...set, selections: [typenameField, ...set.selections] };
}

function isPlainTypename(node: SelectionNode): boolean {
  return node.kind === Kind.FIELD && node.name.value === "__typename" && node.alias === undefined && !node.directives?.length;
}

/** The field where `rescue` lets it through. It keeps the type that it stands on, which decides what may stand below it. */
function rescued(field: FieldNode, parentName: string, { typeName, conditions }: Rescue): InlineFragmentNode {
  const onParent = fragmentOn(parentName, [field]);
  const conditional = conditions.reduce<InlineFragmentNode>(
    (inner, directive) => ({
      kind: Kind.INLINE_FRAGMENT,
      directives: [directive],
      selectionSet: { kind: Kind.SELECTION_SET, selections: [inner] },
    }),
    onParent,
  );
  return fragmentOn(typeName, [conditional]);
}

function fragmentOn(typeName: string, selections: readonly SelectionNode[]): InlineFragmentNode {
  const typeCondition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: typeName } } as const;
  return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}

function cutFragment(cutter: Cutter, name: string, { path }: Place): FragmentDefinitionNode | undefined {
  const { cutFragments, fragments, required } = cutter;
  if (cutFragments.has(name)) return cutFragments.get(name);
  // A fragment that spreads itself, which validation refuses, finds itself empty here.
  cutFragments.set(name, undefined);
  const fragment = fragments.get(name);
  if (fragment === undefined) return undefined;
  const type = typeOfFragment(required.schema, fragment, undefined);
  const selectionSet = type && cutSet(cutter, fragment.selectionSet, { type, path });
  if (selectionSet === undefined) return undefined;
  const cut = selectionSet === fragment.selectionSet ? fragment : { ...fragment, selectionSet };
  cutFragments.set(name, cut);
  return cut;
}
