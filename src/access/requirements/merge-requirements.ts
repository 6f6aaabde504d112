import type { GraphQLSchema } from "graphql";
import { refuseUnknownCoordinates } from "./refuse-unknown-coordinates.ts";
import { RequirementsError, type RequirementTable } from "./requirement-table.ts";
import { combineAll, type Requirement } from "./requirements.ts";

/** One of the graphs that are composed to one. */
export interface Subschema {
  readonly name: string;
  /** Its own, before anything merges or transforms it. */
  readonly schema: GraphQLSchema;
  /** Read from its own SDL. */
  readonly requirements: RequirementTable;
}

/** A requirement, and who asks for it. */
export interface RequirementSource {
  /** The name of a subschema, or `policy`. */
  readonly source: string;
  readonly requirement: Requirement;
  /** The coordinate at which the requirement stands, if that is another one: a root type, or a field that `@requires` pulls. */
  readonly via?: string;
}

/** The requirements of a composed schema, and who asks for them. */
export interface MergedRequirements {
  readonly table: RequirementTable;
  /** The sources by the coordinates of types and fields. */
  readonly sources: ReadonlyMap<string, readonly RequirementSource[]>;
}

export type Sources = Map<string, RequirementSource[]>;

/** Adds a source that another coordinate has, unless the same graph asks for the same here already. */
export function addSourceOnce(sources: Sources, coordinate: string, { source, requirement, via }: RequirementSource): void {
  const isKnown = sources.get(coordinate)?.some((known) => known.source === source && known.requirement === requirement);
  if (!isKnown) addSource(sources, coordinate, { source, requirement, ...(via !== undefined && { via }) });
}

export function addSource(sources: Sources, coordinate: string, source: RequirementSource): void {
  const known = sources.get(coordinate);
  if (known === undefined) sources.set(coordinate, [source]);
  else known.push(source);
}

/**
 * One table for the schema that is composed of these, from what each says itself: a composed schema keeps only the last one's
 * directives. Whatever two of them guard needs both. Throws a RequirementsError for requirements on what their own schema lacks.
 */
export function mergeRequirements(subschemas: readonly Subschema[]): MergedRequirements {
  const sources: Sources = new Map();
  for (const subschema of subschemas) {
    refuseUnknownCoordinates(subschema.schema, subschema.requirements);
    addOwn(sources, subschema);
    addRootType(sources, subschema);
  }
  return mergeSources(sources);
}

function addOwn(sources: Sources, { name: source, schema, requirements }: Subschema): void {
  const roots = rootNamesOf(schema);
  for (const [name, requirement] of requirements.types) if (!roots.has(name)) addSource(sources, name, { source, requirement });
  for (const [coordinate, requirement] of requirements.fields) {
    addSource(sources, composedCoordinate(coordinate, roots), { source, requirement });
  }
}

/** The names that composed schemas give to root types, by the subschema's own. */
export function rootNamesOf(schema: GraphQLSchema): ReadonlyMap<string, string> {
  const roots = [
    [schema.getQueryType(), "Query"],
    [schema.getMutationType(), "Mutation"],
    [schema.getSubscriptionType(), "Subscription"],
  ] as const;
  return new Map(roots.flatMap(([type, name]) => (type ? [[type.name, name] as const] : [])));
}

/** A coordinate of a subschema as the composed schema has it. */
export function composedCoordinate(coordinate: string, roots: ReadonlyMap<string, string>): string {
  const [typeName = "", ...field] = coordinate.split(".");
  return [roots.get(typeName) ?? typeName, ...field].join(".");
}

/** A root type is shared by all subschemas: what one of them asks for on its own guards its own root fields only. */
function addRootType(sources: Sources, { name: source, schema, requirements }: Subschema): void {
  for (const [own, composed] of rootNamesOf(schema)) {
    const requirement = requirements.types.get(own);
    const type = schema.getType(own);
    if (requirement === undefined || type === undefined || !("getFields" in type)) continue;
    for (const field of Object.keys(type.getFields())) addSource(sources, `${composed}.${field}`, { source, requirement, via: own });
  }
}

/** Combines what all sources of a coordinate ask for. Throws a RequirementsError with every coordinate that has too many alternatives. */
export function mergeSources(sources: ReadonlyMap<string, readonly RequirementSource[]>): MergedRequirements {
  const problems: string[] = [];
  const table = { types: new Map<string, Requirement>(), fields: new Map<string, Requirement>() };
  for (const [coordinate, asked] of sources) {
    try {
      const requirement = combineAll(asked.map(({ requirement }) => requirement));
      if (requirement !== undefined) (coordinate.includes(".") ? table.fields : table.types).set(coordinate, requirement);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(`${coordinate}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw new RequirementsError(problems);
  return { table, sources };
}

/**
 * What of it a composed schema still has. Composing takes away what is `@inaccessible` and what only federation asks for; it must
 * not rename anything, or the requirement would be lost here.
 */
export function keepPresent({ sources }: MergedRequirements, schema: GraphQLSchema): MergedRequirements {
  const isPresent = (coordinate: string) => {
    const [typeName = "", fieldName] = coordinate.split(".");
    const type = schema.getType(typeName);
    if (type === undefined || fieldName === undefined) return type !== undefined;
    return "getFields" in type && Object.hasOwn(type.getFields(), fieldName);
  };
  return mergeSources(new Map([...sources].filter(([coordinate]) => isPresent(coordinate))));
}
