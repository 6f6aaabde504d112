import { type ServedGraph, serveGraph } from "./served-graph.ts";

/** Subgraphs of Apollo Federation 2, written by hand: the subgraph specification needs no library. */

const imported = ["@key", "@external", "@requires", "@shareable", "@authenticated", "@requiresScopes", "@interfaceObject"];
const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ${JSON.stringify(imported)})`;
const subgraphFields = "scalar _Any\n type _Service { sdl: String! }";

const inventorySdl = `${link}
  directive @hasRole(roles: [String!]!) on FIELD_DEFINITION | OBJECT
  type Query { items: [Item!]! }
  type Item @key(fields: "id") { id: ID! name: String! weight: Float! @hasRole(roles: ["packer"]) owner: User }
  type User @key(fields: "id") { id: ID! items: [Item!]! @authenticated }
`;
const shippingSdl = `${link}
  type Query { shippers: [String!]! }
  type Item @key(fields: "id") { id: ID! weight: Float! @external postage: Float! @requires(fields: "weight") eta: String }
`;
const items = [1, 2].map((number) => ({ id: String(number), name: `item ${number}`, weight: number * 2 }));

async function serveSubgraph(server: "apollo" | "yoga", sdl: string, resolvers: Record<string, object>): Promise<ServedGraph> {
  const { _Entity: resolveEntity, Query, ...types } = resolvers as Record<string, Record<string, unknown>>;
  const names = Object.keys(resolveEntity ?? {});
  const served = sdl.replace(
    link,
    "directive @interfaceObject on OBJECT directive @key(fields: String!) repeatable on OBJECT | INTERFACE directive " +
      "@external on FIELD_DEFINITION directive @requires(fields: String!) on FIELD_DEFINITION directive @authenticated on " +
      "FIELD_DEFINITION directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION",
  );
  return serveGraph({
    server,
    sdl:
      `${served} ${subgraphFields} union _Entity = ${names.join(" | ")} extend type Query { _service: _Service! ` +
      "_entities(representations: [_Any!]!): [_Entity]! }",
    resolvers: {
      ...types,
      _Entity: { __resolveType: (value: { __typename: string }) => value.__typename },
      Query: {
        ...Query,
        _service: () => ({ sdl }),
        _entities: (_: unknown, { representations }: { representations: { __typename: string }[] }) =>
          representations.map((each) => ({
            __typename: each.__typename,
            ...(resolveEntity as Record<string, (r: object) => object>)[each.__typename]?.(each),
          })),
      },
    },
  } as never);
}

export function serveInventory(): Promise<ServedGraph> {
  return serveSubgraph("yoga", inventorySdl, {
    Query: { items: () => items },
    _Entity: { Item: ({ id }: { id: string }) => items.find((item) => item.id === id), User: ({ id }: { id: string }) => ({ id, items }) },
  } as never);
}

export function serveShipping(): Promise<ServedGraph> {
  return serveSubgraph("apollo", shippingSdl, {
    Query: { shippers: () => ["post"] },
    Item: { postage: ({ weight }: { weight: number }) => weight * 1.5, eta: () => "tomorrow" },
    _Entity: { Item: (representation: object) => representation },
  } as never);
}

const mediaSdl = `${link}
  type Query { books: [Book!]! media: [Media!]! }
  interface Media @key(fields: "id") { id: ID! title: String! }
  type Book implements Media @key(fields: "id") { id: ID! title: String! }
`;
const ratingsSdl = `${link}
  type Query { ratings: Int }
  type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int @authenticated votes: Int }
`;

export function serveMedia(): Promise<ServedGraph> {
  const books = [{ __typename: "Book", id: "1", title: "one" }];
  return serveSubgraph("yoga", mediaSdl, {
    Query: { books: () => books, media: () => books },
    Media: { __resolveType: () => "Book" },
    _Entity: { Book: ({ id }: { id: string }) => books.find((book) => book.id === id) },
  } as never);
}

/** Adds fields to all media, and knows none of their types. */
export function serveRatings(): Promise<ServedGraph> {
  return serveSubgraph("apollo", ratingsSdl, {
    Query: { ratings: () => 1 },
    Media: { stars: () => 5, votes: () => 12 },
    _Entity: { Media: (representation: object) => representation },
  } as never);
}
