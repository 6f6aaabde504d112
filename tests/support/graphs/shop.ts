import { type GraphDescription, type ServedContext, type ServedGraph, serveGraph } from "./served-graph.ts";

/*
 * Three graphs of a shop, each on a server of another kind. They know nothing of the gateway but the directives in their SDL, and none of
 * them checks anything: what a caller may not see is kept back by the gateway, or by nobody.
 */

const directives = `
directive @authenticated on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
directive @requiresScopes(scopes: [[Scope!]!]!) on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
directive @hasRole(roles: [String!]!) on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
directive @key(selectionSet: String!) on OBJECT
directive @merge(keyField: String, keyArg: String, key: [String!], argsExpr: String) on FIELD_DEFINITION
directive @computed(selectionSet: String!) on FIELD_DEFINITION
scalar Scope
`;

const products: GraphDescription = {
  server: "mercurius",
  sdl: `${directives}
    type Query {
      products(first: Int = 3): [Product!]!
      product(id: ID!): Product
      productsById(ids: [ID!]!): [Product]! @merge(keyField: "id")
      suppliers: [Supplier!]! @hasRole(roles: ["admin"])
      margin: Float! @requiresScopes(scopes: [["products:cost"]])
      _sdl: String!
    }
    type Mutation { rename(id: ID!, name: String!): Product @authenticated }
    type Product @key(selectionSet: "{ id }") {
      id: ID!
      name: String!
      price: Float!
      cost: Float @requiresScopes(scopes: [["products:cost"]])
      supplier: Supplier @authenticated
    }
    type Supplier { name: String! account: String! @hasRole(roles: ["admin"]) }
  `,
  resolvers: {
    Query: {
      products: (_: unknown, { first }: { first: number }) => all.slice(0, first),
      product: (_: unknown, { id }: { id: string }) => all.find((product) => product.id === id),
      productsById: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => all.find((product) => product.id === id) ?? null),
      suppliers: () => all.map(({ supplier }) => supplier),
      margin: () => 0.4,
    },
    Mutation: {
      rename: (_: unknown, { id, name }: { id: string; name: string }) => ({ ...all.find((product) => product.id === id), name }),
    },
  },
};

const reviews: GraphDescription = {
  server: "yoga",
  sdl: `${directives}
    type Query {
      latestReviews: [Review!]!
      reviewedProducts(ids: [ID!]!): [Product]! @merge(keyField: "id")
      reviewers(ids: [ID!]!): [User]! @merge(keyField: "id")
      reviewerOf(id: ID!): User
      whoAmI: String
      _sdl: String!
    }
    type Subscription { reviewAdded(count: Int = 2): Review! @authenticated }
    type Review { id: ID! body: String! product: Product! author: User draft: String @hasRole(roles: ["admin"]) }
    type Product @key(selectionSet: "{ id }") { id: ID! reviews: [Review!]! }
    type User @key(selectionSet: "{ id }") { id: ID! reviews: [Review!]! @authenticated nickname: String }
  `,
  resolvers: {
    Query: {
      latestReviews: () => allReviews,
      reviewedProducts: (_: unknown, { ids }: { ids: string[] }) => ids.map(productOfReviews),
      reviewers: (_: unknown, { ids }: { ids: string[] }) => ids.map(userOfReviews),
      reviewerOf: (_: unknown, { id }: { id: string }) => userOfReviews(id),
      whoAmI: (_: unknown, __: unknown, { headers }: ServedContext) => headers["gateway-identity"] ?? null,
    },
    Subscription: {
      reviewAdded: {
        async *subscribe(_: unknown, { count }: { count: number }) {
          for (let index = 0; index < count; index += 1) yield { reviewAdded: { ...allReviews[index % 3], id: `new-${index}` } };
        },
      },
    },
  },
};

const stock: GraphDescription = {
  server: "apollo",
  sdl: `${directives}
    type Query {
      warehouse: Warehouse @authenticated
      stockedProducts(ids: [ID!]!): [Product]! @merge(keyField: "id")
      _sdl: String!
    }
    type Subscription { stockChanged(count: Int = 2): Product! @requiresScopes(scopes: [["stock:read"]]) }
    type Warehouse { city: String! places: [Place!]! }
    interface Place { code: String! }
    type Shelf implements Place { code: String! height: Int! }
    type Vault implements Place @hasRole(roles: ["admin"]) { code: String! combination: String! }
    type Product @key(selectionSet: "{ id }") { id: ID! inStock: Int }
  `,
  resolvers: {
    Query: {
      warehouse: () => ({
        city: "Ulm",
        places: [
          { __typename: "Shelf", code: "s1", height: 2 },
          { __typename: "Vault", code: "v1", combination: "0000" },
        ],
      }),
      stockedProducts: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id, inStock: Number(id) * 10 })),
    },
    Place: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
    Subscription: {
      stockChanged: {
        async *subscribe(_: unknown, { count }: { count: number }) {
          for (let index = 0; index < count; index += 1) yield { stockChanged: { id: String(index + 1), inStock: index } };
        },
      },
    },
  },
} as GraphDescription;

const all = [1, 2, 3].map((number) => ({
  id: String(number),
  name: `product ${number}`,
  price: number * 1.5,
  cost: number * 0.9,
  supplier: { name: `supplier ${number}`, account: `account ${number}` },
}));

const userOfReviews = (id: string) => ({ id, nickname: `nick-${id.slice(-4)}`, reviews: () => allReviews });

const allReviews = [1, 2, 3].map((number) => ({
  id: `r${number}`,
  body: `review ${number}`,
  draft: `draft ${number}`,
  product: { id: String(number) },
  author: userOfReviews(`00000000-0000-7000-8000-00000000000${number}`),
}));

const productOfReviews = (id: string) => ({ id, reviews: allReviews.filter((review) => review.product.id === id) });

export interface Shop {
  readonly products: ServedGraph;
  readonly reviews: ServedGraph;
  readonly stock: ServedGraph;
  /** The section `upstreams` of a `gateway.yaml`; `settings` is added to every one of them. */
  yaml(settings?: string): string;
  /** What all of them were asked since the last call, without the gateway's questions for their SDL. */
  takeCalls(): { readonly graph: string; readonly query: string; readonly headers: Record<string, unknown> }[];
  close(): Promise<void>;
}

export async function openShop(): Promise<Shop> {
  const graphs = { products: await serveGraph(products), reviews: await serveGraph(reviews), stock: await serveGraph(stock) };
  return {
    ...graphs,
    yaml: (settings = "") =>
      `upstreams:\n${Object.entries(graphs)
        .map(([name, { url }]) => {
          const live = name === "reviews" ? "sse" : "graphql-ws";
          const others = `subscriptions: { protocol: ${live} }${settings && `, ${settings}`}`;
          return `  - { name: ${name}, url: "${url}", sdl: { query: _sdl }, ${others} }\n`;
        })
        .join("")}`,
    takeCalls: () =>
      Object.entries(graphs).flatMap(([graph, { calls }]) =>
        calls.splice(0).flatMap(({ query, headers }) => (query === "{ _sdl }" ? [] : [{ graph, query, headers }])),
      ),
    async close() {
      await Promise.all(Object.values(graphs).map((graph) => graph.close()));
    },
  };
}
