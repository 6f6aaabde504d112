import { MapperKind, mapSchema } from "@graphql-tools/utils";
import { extendSchema, type GraphQLFieldResolver, type GraphQLSchema, GraphQLUnionType, parse } from "graphql";
import type { RequestContext } from "../context.ts";
import { batchFields, type EntityKey, type EntityName, entityNameOf, findEntities } from "./entities.ts";
import { readRepresentations } from "./representations.ts";

/** The graph's SDL in the forms that gateways take in. */
export interface GatewaySdl {
  readonly stitching: string;
  readonly federation: string;
}

type Resolver = GraphQLFieldResolver<unknown, RequestContext>;

const definitions = parse(`
"""Whatever identifies an object: its \`__typename\` and its key."""
scalar _Any
union _Entity = ${[...batchFields.keys()].join(" | ")}
type _Service {
  """The schema by the Apollo Federation 2 subgraph specification."""
  sdl: String!
}
extend type Query {
  """For stitching gateways: the schema with its applied directives. Only where introspection is on."""
  _sdl: String!
  """For federated gateways. Only where introspection is on."""
  _service: _Service!
  """
  For federated gateways, at most 1,000 in a request: the caller's own user and sessions, or for an admin anybody's; \
null where there is none.
  """
  _entities(representations: [_Any!]!): [_Entity]!
  ${[...batchFields].map(describeBatchField).join("\n  ")}
}
`);

function describeBatchField([type, field]: readonly [string, string]): string {
  return `"""For stitching gateways; as \`_entities\`."""\n  ${field}(ids: [ID!]!): [${type}]!`;
}

/**
 * A copy of the graph with the fields that other gateways take it in by. They are apart from the classes because neither form of the
 * SDL has all of them, and clients have no use for them.
 */
export function addSubgraphFields(schema: GraphQLSchema, sdl: GatewaySdl): GraphQLSchema {
  const resolvers = createResolvers(sdl);
  return mapSchema(extendSchema(schema, definitions), {
    [MapperKind.QUERY_ROOT_FIELD]: (config, fieldName) => {
      const resolve = resolvers.get(fieldName);
      return resolve === undefined ? undefined : { ...config, resolve };
    },
    [MapperKind.UNION_TYPE]: (type) =>
      type.name === "_Entity" ? new GraphQLUnionType({ ...type.toConfig(), resolveType: entityNameOf }) : undefined,
  });
}

function createResolvers({ stitching, federation }: GatewaySdl): ReadonlyMap<string, Resolver> {
  const service = { sdl: federation };
  return new Map<string, Resolver>([
    ["_sdl", () => stitching],
    ["_service", () => service],
    [
      "_entities",
      (_source, { representations }, context) => findEntities(readRepresentations(representations), "Query._entities", context),
    ],
    ...[...batchFields].map(([typename, field]): [string, Resolver] => [
      field,
      (_source, { ids }, context) => findEntities(keysOf(typename, ids), `Query.${field}`, context),
    ]),
  ]);
}

function keysOf(typename: EntityName, ids: readonly string[]): EntityKey[] {
  return ids.map((id) => ({ typename, id }));
}
