import { createServer } from "node:http";
import { buildSchema } from "graphql";
import { createHandler } from "graphql-http/lib/use/http";
import { listen } from "../listen.ts";

const types = `
  type Query {
    order(id: ID!): Order
    pages: PageInfo
  }
  type Order {
    id: ID!
    user: User!
  }
`;

const stitching = `
  directive @merge(keyField: String) on FIELD_DEFINITION
  type User { id: ID! orders: [Order!]! }
  type PageInfo { hasNextPage: Boolean! }
  extend type Query { orderingUsers(ids: [ID!]!): [User]! @merge(keyField: "id") }
  ${types}
`;

const federation = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@shareable"])
  type User @key(fields: "id") {
    id: ID!
    email: String! @external
    orders: [Order!]!
    greeting: String @requires(fields: "email")
  }
  type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  ${types}
`;

const executable = `
  scalar _Any
  union _Entity = User
  type _Service { sdl: String! }
  type User { id: ID! orders: [Order!]! greeting: String }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  extend type Query {
    _sdl: String!
    _service: _Service!
    _entities(representations: [_Any!]!): [_Entity]!
    orderingUsers(ids: [ID!]!): [User]!
  }
  ${types}
`;

export interface OrdersGraph {
  readonly url: string;
  /** The Authorization headers of the requests that came. */
  readonly authorizations: readonly (string | undefined)[];
  addOrder(id: string, userId: string): void;
  close(): Promise<void>;
}

/** Another team's graph, which knows users by their id and what they ordered; in a server of its own. */
export async function startOrdersGraph(): Promise<OrdersGraph> {
  const userByOrder = new Map<string, string>();
  const authorizations: (string | undefined)[] = [];
  const toOrder = (id: string) => ({ id, user: () => toUser({ id: userByOrder.get(id) ?? "" }) });
  const toUser = ({ id, email }: { id: string; email?: string | null }) => ({
    __typename: "User",
    id,
    orders: () => [...userByOrder].flatMap(([order, userId]) => (userId === id ? [toOrder(order)] : [])),
    greeting: () => (typeof email === "string" ? `Hello ${email}` : null),
  });
  const handler = createHandler({
    schema: buildSchema(executable),
    context: ({ raw }) => {
      authorizations.push(raw.headers.authorization);
      return undefined;
    },
    rootValue: {
      order: ({ id }: { id: string }) => (userByOrder.has(id) ? toOrder(id) : null),
      orderingUsers: ({ ids }: { ids: string[] }) => ids.map((id) => toUser({ id })),
      _entities: ({ representations }: { representations: { id: string; email?: string }[] }) => representations.map(toUser),
      _sdl: stitching,
      _service: { sdl: federation },
    },
  });
  const server = await listen(createServer((request, response) => void handler(request, response)));
  return {
    url: `${server.url}/graphql`,
    authorizations,
    addOrder: (id, userId) => void userByOrder.set(id, userId),
    close: server.close,
  };
}
