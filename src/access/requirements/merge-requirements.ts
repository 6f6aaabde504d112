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

export interface RequirementOrigin {
  /** The name of a subschema, or `policy`. */
  readonly source: string;
  readonly requirement: Requirement;
  /** Where the requirement stands, if it came from elsewhere: a root type, or a field that `@requires` pulls. */
  readonly via?: string;
}

/** The requirements of a composed schema, and who asks for them. */
export interface MergedRequirements {
  readonly table: RequirementTable;
  /** By coordinate, of types and of fields. */
  readonly origins: ReadonlyMap<string, readonly RequirementOrigin[]>;
}

export type Origins = Map<string, RequirementOrigin[]>;

/** What came to it from elsewhere, unless that graph asks for the same there already. */
export function addOriginOnce(origins: Origins, coordinate: string, { source, requirement, via }: RequirementOrigin): void {
  const isKnown = origins.get(coordinate)?.some((known) => known.source === source && known.requirement === requirement);
  if (!isKnown) addOrigin(origins, coordinate, { source, requirement, ...(via !== undefined && { via }) });
}

export function addOrigin(origins: Origins, coordinate: string, origin: RequirementOrigin): void {
  const known = origins.get(coordinate);
  if (known === undefined) origins.set(coordinate, [origin]);
  else known.push(origin);
}

/**
 * One table for the schema that is composed of these, from what each says itself: a composed schema keeps only the last one's
 * directives. Whatever two of them guard needs both. Throws a RequirementsError for requirements on what their own schema lacks.
 */
export function mergeRequirements(subschemas: readonly Subschema[]): MergedRequirements {
  const origins: Origins = new Map();
  for (const subschema of subschemas) {
    refuseUnknownCoordinates(subschema.schema, subschema.requirements);
    addOwn(origins, subschema);
    addRootType(origins, subschema);
  }
  return mergeOrigins(origins);
}

function addOwn(origins: Origins, { name: source, schema, requirements }: Subschema): void {
  const roots = rootNamesOf(schema);
  for (const [name, requirement] of requirements.types) if (!roots.has(name)) addOrigin(origins, name, { source, requirement });
  for (const [coordinate, requirement] of requirements.fields) {
    addOrigin(origins, composedCoordinate(coordinate, roots), { source, requirement });
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
function addRootType(origins: Origins, { name: source, schema, requirements }: Subschema): void {
  for (const [own, composed] of rootNamesOf(schema)) {
    const requirement = requirements.types.get(own);
    const type = schema.getType(own);
    if (requirement === undefined || type === undefined || !("getFields" in type)) continue;
    for (const field of Object.keys(type.getFields())) addOrigin(origins, `${composed}.${field}`, { source, requirement, via: own });
  }
}

/** All of a coordinate's origins must be met. Throws a RequirementsError with every coordinate where that has too many alternatives. */
export function mergeOrigins(origins: ReadonlyMap<string, readonly RequirementOrigin[]>): MergedRequirements {
  const problems: string[] = [];
  const table = { types: new Map<string, Requirement>(), fields: new Map<string, Requirement>() };
  for (const [coordinate, asked] of origins) {
    try {
      const requirement = combineAll(asked.map((origin) => origin.requirement));
      if (requirement !== undefined) (coordinate.includes(".") ? table.fields : table.types).set(coordinate, requirement);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(`${coordinate}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw new RequirementsError(problems);
  return { table, origins };
}

/**
 * What of it a composed schema still has. Composing takes away what is `@inaccessible` and what only federation asks for; it must
 * not rename anything, or the requirement would be lost here.
 */
export function keepPresent({ origins }: MergedRequirements, schema: GraphQLSchema): MergedRequirements {
  const isPresent = (coordinate: string) => {
    const [typeName = "", fieldName] = coordinate.split(".");
    const type = schema.getType(typeName);
    if (type === undefined || fieldName === undefined) return type !== undefined;
    return "getFields" in type && Object.hasOwn(type.getFields(), fieldName);
  };
  return mergeOrigins(new Map([...origins].filter(([coordinate]) => isPresent(coordinate))));
}
