import { type ConstDirectiveNode, type DocumentNode, Kind, parse, type SelectionSetNode } from "graphql";
import { addSource, type MergedRequirements, mergeSources, type RequirementSource, type Sources } from "../merge-requirements.ts";

/** One type of a graph, and what other graphs have to tell of its objects before the graph can answer for them. */
export interface KeyedType {
  readonly name: string;
  /** Those of this graph. */
  readonly fields: readonly string[];
  /** Of the keys, nested ones apart. */
  readonly keyFields: ReadonlySet<string>;
}

/** A graph whose objects are fetched by keys. */
export interface KeyedSubgraph {
  readonly name: string;
  readonly keyedTypes: readonly KeyedType[];
}

/** By federation's `@key(fields:)` and stitching's `@key(selectionSet:)`. A key that cannot be read is for the composition to refuse. */
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
 * Adds to `merged` what keys need by `ruled`, which may know more of it. A graph that is told a guarded field of an object, because it is part of the object's key there, could tell it in whatever it answers: so its
 * fields of that type need what the key needs. What the graph itself asks for its key is its own decision about its other fields.
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
