import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ApolloServer } from "@apollo/server";
import fastifyApollo from "@as-integrations/fastify";
import { fastify } from "fastify";
import type { GraphQLSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { createSchema, createYoga } from "graphql-yoga";
import { mercurius } from "mercurius";
import { WebSocketServer } from "ws";

/** One request as a graph behind the gateway has received it. */
export interface ReceivedCall {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
}

export interface ServedGraph {
  readonly url: string;
  /** Everything that was asked, in order. */
  readonly calls: ReceivedCall[];
  /** Sockets that are open now, WebSockets among them. */
  openSockets(): Promise<number>;
  close(): Promise<void>;
}

type ServerKind = "mercurius" | "yoga" | "apollo";
type Resolvers = NonNullable<Parameters<typeof createSchema>[0]>["resolvers"];

export interface GraphDescription {
  readonly server: ServerKind;
  readonly sdl: string;
  readonly resolvers: Resolvers;
}

/** The context of resolvers: what the caller sent. */
export interface ServedContext {
  readonly headers: IncomingHttpHeaders;
}

/** A graph on a real server of its own, over HTTP on a free port; `_sdl` and `_service { sdl }` answer its SDL where it has them. */
export async function serveGraph({ server: kind, sdl, resolvers }: GraphDescription): Promise<ServedGraph> {
  const schema = createSchema({ typeDefs: sdl, resolvers: withSdl(sdl, resolvers), assumeValidSDL: true } as never) as GraphQLSchema;
  const calls: ReceivedCall[] = [];
  const started = await starters[kind](schema, calls);
  return { calls, ...started };
}

function withSdl(sdl: string, resolvers: Resolvers): Resolvers {
  const served = { ...(/\b_sdl\b/.test(sdl) && { _sdl: () => sdl }), ...(/\b_service\b/.test(sdl) && { _service: () => ({ sdl }) }) };
  const own = resolvers as { Query?: object };
  return { ...own, Query: { ...served, ...own.Query } } as Resolvers;
}

type Started = Omit<ServedGraph, "calls">;

const starters: Record<ServerKind, (schema: GraphQLSchema, calls: ReceivedCall[]) => Promise<Started>> = {
  async mercurius(schema, calls) {
    const app = fastify();
    app.addHook("preHandler", async ({ body, headers }) => record(calls, body, headers));
    await app.register(mercurius, { schema, graphiql: false, context: ({ headers }) => ({ headers }) });
    const address = await app.listen({ port: 0, host: "127.0.0.1" });
    return { url: `${address}/graphql`, openSockets: () => countSockets(app.server), close: () => app.close() };
  },

  async apollo(schema, calls) {
    const app = fastify({ forceCloseConnections: true });
    app.addHook("preHandler", async ({ body, headers }) => record(calls, body, headers));
    const apollo = new ApolloServer<ServedContext>({ schema, introspection: true });
    await apollo.start();
    await app.register(fastifyApollo(apollo), { context: async ({ headers }) => ({ headers }) });
    const sockets = serveSockets(app.server, schema, calls);
    const address = await app.listen({ port: 0, host: "127.0.0.1" });
    return {
      url: `${address}/graphql`,
      openSockets: () => countSockets(app.server),
      async close() {
        await sockets.dispose();
        await app.close();
        await apollo.stop();
      },
    };
  },

  /** Subscriptions by server-sent events. */
  async yoga(schema, calls) {
    const yoga = createYoga<{ req: { headers: IncomingHttpHeaders } }>({
      schema,
      logging: false,
      maskedErrors: false,
      context: ({ req }) => ({ headers: req.headers }),
      plugins: [{ onParams: ({ params, request }) => record(calls, params, Object.fromEntries(request.headers)) }],
    });
    const server = createServer(yoga as RequestListener).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
      openSockets: () => countSockets(server),
      async close() {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    };
  },
};

function serveSockets(server: Server, schema: GraphQLSchema, calls: ReceivedCall[]) {
  const sockets = new WebSocketServer({ server, path: "/graphql" });
  return useServer(
    {
      schema,
      context: ({ extra }) => ({ headers: extra.request.headers }),
      onSubscribe: ({ extra }, _id, payload) => record(calls, payload, extra.request.headers),
    },
    sockets,
  );
}

function record(calls: ReceivedCall[], body: unknown, headers: IncomingHttpHeaders): void {
  const { query, variables } = (body ?? {}) as { query?: string; variables?: Record<string, unknown> | null };
  if (query !== undefined) calls.push({ query, variables: variables ?? {}, headers });
}

function countSockets(server: Server): Promise<number> {
  return new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
}
