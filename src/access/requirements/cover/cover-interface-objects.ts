import {
  type ConstDirectiveNode,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  Kind,
} from "graphql";
import {
  addSourceOnce,
  type MergedRequirements,
  mergeSources,
  type RequirementSource,
  type Sources,
  type Subschema,
} from "../merge-requirements.ts";
import { implementorsOf } from "./implementors.ts";

/**
 * With `@interfaceObject` a graph adds fields to types that it does not even know: what it asks for them stands on the interface, and
 * is needed on each implementor. `schema` is the composed one.
 */
export function coverInterfaceObjects(merged: MergedRequirements, graphs: readonly Subschema[], schema: GraphQLSchema): MergedRequirements {
  const sources: Sources = new Map([...merged.sources].map(([coordinate, asked]) => [coordinate, [...asked]]));
  for (const graph of graphs) {
    for (const each of interfaceObjectsOf(graph, schema)) {
      const implementors = implementorsOf(schema, each.type);
      for (const field of each.fields) {
        const asked = sourcesOfField(each, field, { sources: merged.sources, source: graph.name });
        for (const { name } of implementors) for (const each of asked) addSourceOnce(sources, `${name}.${field}`, each);
      }
    }
  }
  return mergeSources(sources);
}

/** Fields that one graph adds to all implementors of an interface. */
interface InterfaceObject {
  readonly type: GraphQLInterfaceType;
  readonly fields: readonly string[];
}

function interfaceObjectsOf({ schema }: Subschema, composed: GraphQLSchema): readonly InterfaceObject[] {
  return Object.values(composed.getTypeMap()).flatMap((type) => {
    if (!isInterfaceType(type)) return [];
    const own = schema.getType(type.name);
    // A subgraph's SDL: an object type there, an interface here, whatever the directive is called.
    if (isObjectType(own)) return [{ type, fields: Object.keys(own.getFields()) }];
    return isInterfaceType(own) ? [{ type, fields: joinedFields(own) }] : [];
  });
}

/** The fields of a supergraph's interface that come from graphs which know it as an object type, as far as the supergraph says. */
function joinedFields(type: GraphQLInterfaceType): readonly string[] {
  const graphs = new Set(directivesOf(type, "join__type").filter(isInterfaceObject).map(graphOf));
  if (graphs.size === 0) return [];
  const fields = Object.values(type.getFields()).filter((field) => {
    const joins = directivesOf(field, "join__field");
    return joins.length === 0 || joins.some((join) => graphs.has(graphOf(join)));
  });
  return fields.map(({ name }) => name);
}

function directivesOf({ astNode }: GraphQLNamedType | GraphQLField<unknown, unknown>, name: string): readonly ConstDirectiveNode[] {
  return astNode?.directives?.filter((directive) => directive.name.value === name) ?? [];
}

function isInterfaceObject({ arguments: given = [] }: ConstDirectiveNode): boolean {
  return given.some(({ name, value }) => name.value === "isInterfaceObject" && value.kind === Kind.BOOLEAN && value.value);
}

function graphOf({ arguments: given = [] }: ConstDirectiveNode): string | undefined {
  const value = given.find(({ name }) => name.value === "graph")?.value;
  return value?.kind === Kind.ENUM ? value.value : undefined;
}

type Asked = MergedRequirements["sources"];

/** The sources of a field of an interface object: each implementor's field of that name needs them, too. */
function sourcesOfField(
  { type }: InterfaceObject,
  field: string,
  { sources, source }: { sources: Asked; source: string },
): readonly RequirementSource[] {
  const via = `${type.name}.${field}`;
  const ofType = (sources.get(type.name) ?? []).filter((asked) => asked.source === source);
  return [...(sources.get(via) ?? []), ...ofType].map((asked) => ({ source: asked.source, requirement: asked.requirement, via }));
}
