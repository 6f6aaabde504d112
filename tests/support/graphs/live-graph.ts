import { Repeater } from "graphql-yoga";
import { type ServedContext, type ServedGraph, serveGraph } from "./served-graph.ts";

const directives = `
directive @authenticated on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
directive @hasRole(roles: [String!]!) on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
directive @key(selectionSet: String!) on OBJECT
directive @merge(keyField: String) on FIELD_DEFINITION
`;

/** Notices of a topic, as long as somebody wants them. The names begin with that of the graph, so that two stand beside each other. */
const sdlOf = (name: string) => `${directives}
  type Query {
    ${name}Ready: Boolean
    ${name}Products(ids: [ID!]!): [Product]! @merge(keyField: "id")
    ${name}Devices(ids: [ID!]!): [Session]! @merge(keyField: "id")
    _sdl: String!
  }
  type Subscription {
    ${name}Notices(topic: String!): ${name}Notice! @authenticated
    ${name}Orders(topic: String!): ${name}Notice @hasRole(roles: ["admin"])
  }
  type ${name}Notice {
    text: String!
    caller: String
    secret: String @hasRole(roles: ["admin"])
    place: ${name}Place
    product: Product
  }
  interface ${name}Place { code: String! }
  type ${name}Shelf implements ${name}Place { code: String! }
  type ${name}Vault implements ${name}Place @hasRole(roles: ["admin"]) { code: String! }
  type Product @key(selectionSet: "{ id }") { id: ID! }
  type Session @key(selectionSet: "{ id }") { id: ID! ${name}Device: String }
`;

export interface LiveGraph extends ServedGraph {
  readonly name: string;
  /** To whoever listens to this topic now. */
  emit(topic: string, notice: Readonly<Record<string, unknown>>): void;
  /** How many do. */
  listeners(topic: string): number;
}

/**
 * A graph with subscriptions whose sources say nothing by themselves: over graphql-ws by Apollo Server, over server-sent events by Yoga.
 */
export async function serveLiveGraph(name: string, server: "apollo" | "yoga"): Promise<LiveGraph> {
  const topics = new Map<string, Set<(value: unknown) => void>>();
  const listenersOf = (topic: string) => topics.get(topic) ?? topics.set(topic, new Set()).get(topic) ?? new Set();
  const listen = (field: string) => ({
    subscribe: (_: unknown, { topic }: { topic: string }, { headers }: ServedContext) =>
      new Repeater<unknown>(async (push, stop) => {
        const caller = headers["gateway-identity"];
        const hear = (notice: object) => void push({ [field]: { caller, ...notice } });
        listenersOf(topic).add(hear as (value: unknown) => void);
        await stop;
        listenersOf(topic).delete(hear as (value: unknown) => void);
      }),
  });
  const graph = await serveGraph({
    server,
    sdl: sdlOf(name),
    resolvers: {
      Query: {
        [`${name}Ready`]: () => true,
        [`${name}Products`]: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id })),
        [`${name}Devices`]: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id, [`${name}Device`]: `device of ${id}` })),
      },
      [`${name}Place`]: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      Subscription: { [`${name}Notices`]: listen(`${name}Notices`), [`${name}Orders`]: listen(`${name}Orders`) },
    },
  } as never);
  return {
    ...graph,
    name,
    emit(topic, notice) {
      for (const hear of listenersOf(topic)) hear(notice);
    },
    listeners: (topic) => listenersOf(topic).size,
  };
}
