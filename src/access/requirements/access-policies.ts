import { type GraphQLInterfaceType, type GraphQLObjectType, type GraphQLSchema, isInterfaceType, isObjectType } from "graphql";
import type { KeyedSubgraph } from "./cover/cover-key-fields.ts";
import {
  addSource,
  composedCoordinate,
  type MergedRequirements,
  mergeSources,
  rootNamesOf,
  type Sources,
  type Subschema,
} from "./merge-requirements.ts";
import { RequirementsError } from "./requirement-table.ts";
import type { Requirement } from "./requirements.ts";

export type AccessRule = "public" | Requirement;

/** The policies that an operator adds to graphs that they cannot change. */
export interface AccessPolicies {
  /** The policy for fields of upstreams of which nothing else says anything. */
  readonly default: "public" | "authenticated";
  /** The policies by `Type.field`, or by `Type.*` for all fields of a type that have none of their own. */
  readonly rules: ReadonlyMap<string, AccessRule>;
}

export interface PolicyScope {
  /** The composed schema. */
  readonly schema: GraphQLSchema;
  /** The graphs whose fields the default closes. */
  readonly upstreams: readonly Subschema[];
  /** Graphs that guard themselves: the default closes none of their fields. */
  readonly own: readonly Subschema[];
  /** Fields of theirs that upstreams resolve as well: those are closed all the same. */
  readonly shared?: ReadonlySet<string>;
}

const SOURCE = "policy";
const signedIn: Requirement = { authenticated: true };

/** The fields that upstreams resolve and another graph has as well. Keys are left out: they travel between graphs anyway. */
export function sharedCoordinates(upstreams: readonly (Subschema & KeyedSubgraph)[], own: readonly Subschema[]): ReadonlySet<string> {
  const owned = new Set(own.flatMap(coordinatesOf));
  const resolved = upstreams.flatMap((graph) => {
    const keys = new Set(graph.keyedTypes.flatMap(({ name, keyFields }) => [...keyFields].map((field) => `${name}.${field}`)));
    return coordinatesOf(graph).filter((coordinate) => !keys.has(coordinate));
  });
  return new Set(resolved.filter((coordinate) => owned.has(coordinate)));
}

function coordinatesOf({ schema }: Subschema): string[] {
  const roots = rootNamesOf(schema);
  return fieldTypesOf(schema).flatMap((type) =>
    Object.keys(type.getFields()).map((field) => composedCoordinate(`${type.name}.${field}`, roots)),
  );
}

type FieldsType = GraphQLObjectType | GraphQLInterfaceType;

function fieldTypesOf(schema: GraphQLSchema): FieldsType[] {
  const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith("__"));
  return types.filter((type): type is FieldsType => isObjectType(type) || isInterfaceType(type));
}

/**
 * Adds an operator's policies. A rule is needed beside what an SDL asks for; `public` opens only what the default would close, never what
 * an SDL guards. Throws one RequirementsError that lists every rule whose coordinate the schema does not have.
 */
export function applyPolicies(merged: MergedRequirements, policies: AccessPolicies, scope: PolicyScope): MergedRequirements {
  const rules = rulesByField(policies, scope.schema);
  const sources: Sources = new Map([...merged.sources].map(([coordinate, asked]) => [coordinate, [...asked]]));
  for (const [coordinate, rule] of rules) {
    if (rule !== "public") addSource(sources, coordinate, { source: SOURCE, requirement: rule });
  }
  if (policies.default === "public") return mergeSources(sources);
  const guardThemselves = new Set(scope.own.flatMap(coordinatesOf).filter((coordinate) => scope.shared?.has(coordinate) !== true));
  for (const coordinate of new Set(scope.upstreams.flatMap(coordinatesOf))) {
    const isSettled = sources.has(coordinate) || rules.has(coordinate) || guardThemselves.has(coordinate);
    if (!isSettled) addSource(sources, coordinate, { source: SOURCE, requirement: signedIn });
  }
  return mergeSources(sources);
}

/** The rule of each field that has one: its own, or else its type's. */
function rulesByField({ rules }: AccessPolicies, schema: GraphQLSchema): ReadonlyMap<string, AccessRule> {
  const byField = new Map<string, AccessRule>();
  const used = new Set<string>();
  for (const type of fieldTypesOf(schema)) {
    for (const field of Object.keys(type.getFields())) {
      const names = [`${type.name}.${field}`, `${type.name}.*`];
      for (const name of names) if (rules.has(name)) used.add(name);
      const rule = names.map((name) => rules.get(name)).find((each) => each !== undefined);
      if (rule !== undefined) byField.set(names[0] ?? "", rule);
    }
  }
  const unknown = [...rules.keys()].filter((coordinate) => !used.has(coordinate));
  const problems = unknown.map((coordinate) => `${coordinate}: an access rule, but no object or interface type has such a field`);
  if (problems.length > 0) throw new RequirementsError(problems);
  return byField;
}
