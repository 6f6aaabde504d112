import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient as createUrqlClient, fetchExchange, subscriptionExchange } from "@urql/core";
import { OperationTypeNode, print } from "graphql";
import { createClient as createSocketClient } from "graphql-ws";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import {
  type AuthFieldsFragment,
  MeFromTokenDocument,
  ReauthenticateDocument,
  RefreshDocument,
  SessionEventsDocument,
  type SessionEventsSubscription,
} from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
let url: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  url = `${gateway.url.replace("http", "ws")}/graphql`;
});
afterAll(() => gateway.close());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0)) await cleanUp();
});

function connect(token: () => string, options: Partial<Parameters<typeof createSocketClient>[0]> = {}) {
  const connectionParams = () => ({ accessToken: token() });
  const client = createSocketClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0, ...options });
  cleanups.push(() => client.dispose());
  return client;
}

/** Signs in elsewhere until the client hears of it; what it hears, then. */
async function expectToHear(user: AuthFieldsFragment["user"], heard: readonly SessionEventsSubscription[]): Promise<void> {
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(user.id)).toBe(true);
  const { session } = await gateway.login(user.email);
  await expect
    .poll(() => heard.map(({ sessionEvents }) => [sessionEvents.type, sessionEvents.session.id]))
    .toEqual([["OPENED", session.id]]);
}

test("graphql-ws: queries, a subscription, an error", async () => {
  const { accessToken, user } = await gateway.register();
  const client = connect(() => accessToken);
  const ask = async (query: string) => (await client.iterate({ query }).next()).value;
  expect(await ask(print(MeFromTokenDocument))).toEqual({ data: { me: { id: user.id, email: user.email, roles: ["user"] } } });
  await expect(client.iterate({ query: "{ nothing }" }).next()).rejects.toMatchObject([
    { extensions: { code: "GRAPHQL_VALIDATION_FAILED" } },
  ]);
  const heard: SessionEventsSubscription[] = [];
  const events = client.iterate<SessionEventsSubscription>({ query: print(SessionEventsDocument) });
  void (async () => {
    for await (const { data } of events) if (data) heard.push(data);
  })();
  await expectToHear(user, heard);
  await events.return?.();
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(user.id)).toBe(false);
});

test("graphql-ws: comes back with a new token after its old one expired", async () => {
  const first = await gateway.register();
  let current = { accessToken: first.accessToken, refreshToken: first.refreshToken };
  const closes: unknown[] = [];
  const client = connect(() => current.accessToken, {
    retryAttempts: 3,
    retryWait: async () => {
      const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: current.refreshToken } }));
      current = refresh;
    },
    on: { closed: (event) => closes.push(event) },
  });
  const heard: SessionEventsSubscription[] = [];
  client.subscribe<SessionEventsSubscription>(
    { query: print(SessionEventsDocument) },
    { next: ({ data }) => void (data && heard.push(data)), error: () => undefined, complete: () => undefined },
  );
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(first.user.id)).toBe(true);
  gateway.clock.advance(906);
  await expect.poll(() => closes).toMatchObject([{ code: 4403, reason: "expired" }]);
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(first.user.id)).toBe(true);
  await expectToHear(first.user, heard);
});

test("graphql-ws: renews in place, and the subscription goes on", async () => {
  const { accessToken, refreshToken, user } = await gateway.register();
  const closes: unknown[] = [];
  const client = connect(() => accessToken, { on: { closed: (event) => closes.push(event) } });
  const heard: SessionEventsSubscription[] = [];
  client.subscribe<SessionEventsSubscription>(
    { query: print(SessionEventsDocument) },
    { next: ({ data }) => void (data && heard.push(data)), error: () => undefined, complete: () => undefined },
  );
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(user.id)).toBe(true);
  gateway.clock.advance(600);
  const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } }));
  const renewed = await client.iterate({ query: print(ReauthenticateDocument), variables: { accessToken: refresh.accessToken } }).next();
  expect(renewed.value).toMatchObject({ data: { reauthenticate: { current: true } } });
  gateway.clock.advance(600);
  const { session } = await gateway.login(user.email);
  await expect.poll(() => heard.at(-1)?.sessionEvents.session.id).toBe(session.id);
  expect(closes).toEqual([]);
});

test("Apollo Client: a subscription over the socket beside a query over HTTP", async () => {
  const { accessToken, user } = await gateway.register();
  const http = new HttpLink({ uri: `${gateway.url}/graphql`, headers: { authorization: `Bearer ${accessToken}` } });
  const socket = new GraphQLWsLink(connect(() => accessToken));
  const link = ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, socket, http);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  cleanups.push(() => client.stop());
  expect((await client.query({ query: MeFromTokenDocument })).data?.me?.id).toBe(user.id);
  const heard: SessionEventsSubscription[] = [];
  const subscription = client.subscribe({ query: SessionEventsDocument }).subscribe({
    next: ({ data }) => void (data && heard.push(data)),
  });
  await expectToHear(user, heard);
  subscription.unsubscribe();
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(user.id)).toBe(false);
});

test("urql: a subscription over the socket beside a query over HTTP", async () => {
  const { accessToken, user } = await gateway.register();
  const socket = connect(() => accessToken);
  const client = createUrqlClient({
    url: `${gateway.url}/graphql`,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: `Bearer ${accessToken}` } },
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe(
              { query, variables: variables ?? {} },
              { ...sink, next: ({ data }) => sink.next({ data: data ?? null }) },
            ),
          }),
        }),
      }),
    ],
  });
  expect((await client.query(MeFromTokenDocument, {}).toPromise()).data?.me?.id).toBe(user.id);
  const heard: SessionEventsSubscription[] = [];
  const subscription = client.subscription(SessionEventsDocument, {}).subscribe(({ data }) => void (data && heard.push(data)));
  await expectToHear(user, heard);
  subscription.unsubscribe();
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(user.id)).toBe(false);
});
