import { type ConstDirectiveNode, type DocumentNode, Kind, parse, type SelectionSetNode } from "graphql";
import { addSource, type MergedRequirements, mergeSources, type RequirementSource, type Sources } from "../merge-requirements.ts";

/** One type of a graph, and the keys by which other graphs refer to its objects. */
export interface KeyedType {
  readonly name: string;
  /** The fields that this graph resolves. */
  readonly fields: readonly string[];
  /** The fields of the keys, without nested ones. */
  readonly keyFields: ReadonlySet<string>;
}

/** A graph whose objects are fetched by keys. */
export interface KeyedSubgraph {
  readonly name: string;
  readonly keyedTypes: readonly KeyedType[];
}

/** Reads federation's `@key(fields:)` and stitching's `@key(selectionSet:)`. The composition refuses keys that cannot be read. */
export function readKeyedTypes(sdl: DocumentNode): readonly KeyedType[] {
  const types = new Map<string, { fields: string[]; keyFields: Set<string> }>();
  for (const node of sdl.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    const type = types.get(node.name.value) ?? { fields: [], keyFields: new Set() };
    types.set(node.name.value, type);
    type.fields.push(...(node.fields ?? []).map(({ name }) => name.value));
    for (const field of (node.directives ?? []).flatMap(readKey)) type.keyFields.add(field);
  }
  return [...types].map(([name, type]) => ({ name, ...type })).filter(({ keyFields }) => keyFields.size > 0);
}

function readKey({ name, arguments: given = [] }: ConstDirectiveNode): readonly string[] {
  if (name.value !== "key" && name.value !== "federation__key") return [];
  const value = given.find((argument) => argument.name.value === "fields" || argument.name.value === "selectionSet")?.value;
  return value?.kind === Kind.STRING ? fieldNamesOf(value.value.trim()) : [];
}

function fieldNamesOf(text: string): readonly string[] {
  const [first] = parse(text.startsWith("{") ? text : `{ ${text} }`, { noLocation: true }).definitions;
  const selections: SelectionSetNode["selections"] = first?.kind === Kind.OPERATION_DEFINITION ? first.selectionSet.selections : [];
  return selections.flatMap((node) => (node.kind === Kind.FIELD ? [node.name.value] : []));
}

/**
 * Adds to `merged` what `ruled` asks for key fields. A graph that receives a guarded field, since it is part of an object's key there,
 * could disclose its value in any answer: so the graph's fields of that type need what the key needs. What the graph itself asks for the
 * key does not count: about its other fields it has decided itself.
 */
export function coverKeyFields(
  merged: MergedRequirements,
  ruled: MergedRequirements,
  graphs: readonly KeyedSubgraph[],
): MergedRequirements {
  const sources: Sources = new Map([...merged.sources].map(([coordinate, asked]) => [coordinate, [...asked]]));
  for (const { name: source, keyedTypes } of graphs) {
    for (const type of keyedTypes) {
      const asked = sourcesOfKeys(type, ruled).filter((each) => each.source !== source);
      const told = type.fields.filter((field) => !type.keyFields.has(field));
      for (const field of told) {
        for (const { requirement, via } of asked) addSource(sources, `${type.name}.${field}`, { source, requirement, ...(via && { via }) });
      }
    }
  }
  return mergeSources(sources);
}

function sourcesOfKeys({ name, keyFields }: KeyedType, { sources }: MergedRequirements): readonly RequirementSource[] {
  const coordinates = [...keyFields].map((field) => `${name}.${field}`);
  return coordinates.flatMap((via) => (sources.get(via) ?? []).map(({ source, requirement }) => ({ source, requirement, via })));
}
