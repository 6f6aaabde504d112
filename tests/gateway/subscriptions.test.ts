import { createClient } from "graphql-ws";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Watch, watch, watchOn } from "../support/clients/watch.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LiveGraph, serveLiveGraph } from "../support/graphs/live-graph.ts";
import { openShop, type Shop } from "../support/graphs/shop.ts";

let shop: Shop;
let graphs: Record<"socket" | "stream", LiveGraph>;
let gateway: TestGateway;

const yaml = () => `${shop.yaml()}  - { name: socket, url: "${graphs.socket.url}", sdl: { query: _sdl } }
  - { name: stream, url: "${graphs.stream.url}", sdl: { query: _sdl }, subscriptions: { protocol: sse } }
roles: { clerk: { scopes: ["stock:read"] } }
`;

beforeAll(async () => {
  shop = await openShop();
  graphs = { socket: await serveLiveGraph("socket", "apollo"), stream: await serveLiveGraph("stream", "yoga") };
  gateway = await startTestGateway({ gatewayYaml: yaml() });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([shop?.close(), graphs?.socket.close(), graphs?.stream.close()]);
});

const open: Watch[] = [];
afterEach(() => {
  for (const { socket } of open.splice(0)) socket.socket.terminate();
});

let topics = 0;
const newTopic = () => {
  topics += 1;
  return `topic-${topics}`;
};

async function begin(token: string, query: string, variables: object = {}): Promise<Watch> {
  const begun = await watch(gateway.url, token, query, variables);
  open.push(begun);
  return begun;
}

/** A subscription that the upstream has begun, too. */
async function beginNotices(graph: LiveGraph, token: string, selection = "text"): Promise<Watch & { readonly topic: string }> {
  const topic = newTopic();
  const begun = await begin(token, `subscription ($topic: String!) { ${graph.name}Notices(topic: $topic) { ${selection} } }`, { topic });
  await expect.poll(() => graph.listeners(topic)).toBe(1);
  return { ...begun, topic };
}

const isLeft = (graph: LiveGraph, topic: string) => expect.poll(() => graph.listeners(topic)).toBe(0);

describe.each(["socket", "stream"] as const)("an upstream over a %s", (kind) => {
  const graph = () => graphs[kind];
  const field = `${kind}Notices`;

  test("its events come through", async () => {
    const { accessToken } = await gateway.register();
    graph().calls.splice(0);
    const { topic, told } = await beginNotices(graph(), accessToken);
    for (const text of ["one", "two"]) graph().emit(topic, { text });
    await expect.poll(told).toEqual([{ data: { [field]: { text: "one" } } }, { data: { [field]: { text: "two" } } }]);
    expect(graph().calls).toHaveLength(1);
  });

  test("one that is denied never reaches it: nothing is called, no socket is opened", async () => {
    const { accessToken } = await gateway.register();
    graph().calls.splice(0);
    const before = await graph().openSockets();
    const denied = await begin(accessToken, `subscription { ${kind}Orders(topic: "denied") { text } }`);
    await expect
      .poll(() => denied.told())
      .toMatchObject([
        { data: { [`${kind}Orders`]: null }, errors: [{ path: [`${kind}Orders`], extensions: { code: "FORBIDDEN", missing: ["admin"] } }] },
      ]);
    await expect.poll(denied.isComplete).toBe(true);
    expect(graph().calls).toEqual([]);
    expect(await graph().openSockets()).toBeLessThanOrEqual(before);
  });

  test("denied selections are not sent, and are null with an error in every event", async () => {
    const { accessToken } = await gateway.register();
    graph().calls.splice(0);
    const { topic, told } = await beginNotices(graph(), accessToken, "text hidden: secret");
    for (const text of ["one", "two"]) graph().emit(topic, { text, secret: "hush" });
    const event = (text: string) => ({
      data: { [field]: { text, hidden: null } },
      errors: [{ path: [field, "hidden"], extensions: { code: "FORBIDDEN", coordinate: `${kind}Notice.secret` } }],
    });
    await expect.poll(told).toMatchObject([event("one"), event("two")]);
    expect(
      graph()
        .calls.map(({ query }) => query)
        .join(),
    ).not.toContain("secret");
  });

  test("objects of guarded types are null with an error, their typename included", async () => {
    const { accessToken } = await gateway.register();
    const { topic, told, socket } = await beginNotices(
      graph(),
      accessToken,
      `place { __typename ... on ${kind}Shelf { code } ... on ${kind}Vault { combination: code } }`,
    );
    graph().emit(topic, { place: { __typename: `${kind}Shelf`, code: "s1" } });
    graph().emit(topic, { place: { __typename: `${kind}Vault`, code: "v1" } });
    await expect
      .poll(told)
      .toMatchObject([
        { data: { [field]: { place: { __typename: `${kind}Shelf`, code: "s1" } } } },
        { data: { [field]: { place: null } }, errors: [{ path: [field, "place"], extensions: { code: "FORBIDDEN" } }] },
      ]);
    expect(JSON.stringify(socket.messages)).not.toMatch(/v1|"__typename":"\w*Vault/);
  });

  test.each<[string, (caller: { token: string; userId: string }) => unknown, string?]>([
    ["the token's end", () => gateway.clock.advance(901), "expired"],
    ["a logout", ({ token }) => gateway.post({ query: "mutation { logout { endedSessions } }" }, { token })],
    ["a forced logout", ({ userId }) => asAdmin("mutation ($id: ID!) { forceLogout(userId: $id) { endedSessions } }", userId)],
    ["other roles", ({ userId }) => asAdmin('mutation ($id: ID!) { setUserRoles(userId: $id, roles: ["user", "clerk"]) { id } }', userId)],
    ["disabling", ({ userId }) => asAdmin("mutation ($id: ID!) { disableUser(userId: $id) { id } }", userId)],
  ])("%s closes the client's socket and the upstream's connection, though no event comes", async (_name, end, reason = "revoked") => {
    const { accessToken, user } = await gateway.register();
    const sockets = await graph().openSockets();
    const { topic, socket } = await beginNotices(graph(), accessToken);
    await end({ token: accessToken, userId: user.id });
    expect(await socket.closed).toEqual({ code: 4403, reason });
    await isLeft(graph(), topic);
    await expect.poll(() => graph().openSockets()).toBeLessThanOrEqual(sockets);
  });

  test.each<[string, (begun: Watch) => void]>([
    ["completes it", ({ complete }) => complete()],
    ["closes its socket", ({ socket }) => socket.socket.close()],
    ["disappears", ({ socket }) => socket.socket.terminate()],
  ])("a client that %s closes the upstream's connection, though no event comes", async (_name, leave) => {
    const { accessToken } = await gateway.register();
    const sockets = await graph().openSockets();
    const begun = await beginNotices(graph(), accessToken);
    leave(begun);
    await isLeft(graph(), begun.topic);
    await expect.poll(() => graph().openSockets()).toBeLessThanOrEqual(sockets);
  });

  test("a new token with the same permissions: it goes on; with others: it ends at its next event, which is not told", async () => {
    const { accessToken, user, refreshToken } = await gateway.register();
    const { topic, told, isComplete, socket } = await beginNotices(graph(), accessToken);
    const renewed = await renew(refreshToken);
    expect((await renewed.reauthenticate(socket)).errors).toEqual([]);
    graph().emit(topic, { text: "still here" });
    await expect.poll(told).toEqual([{ data: { [field]: { text: "still here" } } }]);
    await gateway.database.sql`update users set roles = '{user,admin}' where id = ${user.id}`;
    await (await renew(renewed.refreshToken)).reauthenticate(socket);
    graph().emit(topic, { text: "too late" });
    await expect.poll(isComplete).toBe(true);
    expect(told()).toHaveLength(1);
    await isLeft(graph(), topic);
  });

  test("what takes another graph, too: its events are joined, and it ends as at once", async () => {
    const { accessToken } = await gateway.register();
    const begun = await beginNotices(graph(), accessToken, "text product { name cost }");
    shop.takeCalls();
    graph().emit(begun.topic, { text: "new", product: { id: "2" } });
    await expect
      .poll(begun.told)
      .toMatchObject([
        { data: { [field]: { text: "new", product: { name: "product 2", cost: null } } }, errors: [{ extensions: { code: "FORBIDDEN" } }] },
      ]);
    expect(shop.takeCalls().map(({ query }) => query)).toEqual([expect.not.stringContaining("cost")]);
    begun.complete();
    await isLeft(graph(), begun.topic);
  });

  test("the gateway's end closes the upstream's connections", async () => {
    const ending = await startTestGateway({ gatewayYaml: yaml() });
    const { accessToken } = await ending.register();
    const topic = newTopic();
    const { socket } = await watch(ending.url, accessToken, `subscription { ${field}(topic: "${topic}") { text } }`);
    await expect.poll(() => graph().listeners(topic)).toBe(1);
    await ending.close();
    expect(await socket.closed).toMatchObject({ code: 1001 });
    await isLeft(graph(), topic);
  });
});

async function asAdmin(query: string, id: string): Promise<void> {
  const { accessToken } = await gateway.registerAdmin();
  expect((await gateway.post({ query, variables: { id } }, { token: accessToken })).errors).toEqual([]);
}

async function renew(refreshToken: string | null) {
  const query = "mutation ($token: String!) { refresh(input: { refreshToken: $token }) { accessToken refreshToken } }";
  const { data } = await gateway.post({ query, variables: { token: refreshToken } });
  const tokens = data?.refresh as { accessToken: string; refreshToken: string };
  const mutation = `mutation { reauthenticate(accessToken: "${tokens.accessToken}") { id } }`;
  return { ...tokens, reauthenticate: (socket: Watch["socket"]) => socket.ask(mutation) };
}

test("the graphql-ws client, over both: to the end that the upstream sets", async () => {
  const { user } = await gateway.register();
  await gateway.database.sql`update users set roles = '{user,clerk}' where id = ${user.id}`;
  const { accessToken } = await gateway.login(user.email);
  const url = `${gateway.url.replace("http", "ws")}/graphql`;
  const client = createClient({ url, webSocketImpl: WebSocket, connectionParams: { accessToken }, retryAttempts: 0 });
  const all = async (query: string) => {
    const told: unknown[] = [];
    for await (const { data } of client.iterate({ query })) told.push(data);
    return told;
  };
  expect(await all("subscription { stockChanged(count: 3) { id inStock name } }")).toEqual(
    [1, 2, 3].map((number) => ({ stockChanged: { id: `${number}`, inStock: number - 1, name: `product ${number}` } })),
  );
  expect(await all("subscription { reviewAdded { id body draft } }")).toEqual(
    [0, 1].map((number) => ({ reviewAdded: { id: `new-${number}`, body: `review ${number + 1}`, draft: null } })),
  );
  await client.dispose();
});

test("events of the auth graph are joined with what others know of a session", async () => {
  const { accessToken, user } = await gateway.register();
  const { told, complete } = await begin(accessToken, "subscription { sessionEvents { type session { id socketDevice streamDevice } } }");
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(user.id)).toBe(true);
  const { session } = await gateway.login(user.email);
  const device = `device of ${session.id}`;
  await expect
    .poll(told)
    .toEqual([{ data: { sessionEvents: { type: "OPENED", session: { id: session.id, socketDevice: device, streamDevice: device } } } }]);
  complete();
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(user.id)).toBe(false);
});

test("one subscription's end is none of the others' on its socket", async () => {
  const { accessToken } = await gateway.register();
  const first = await beginNotices(graphs.socket, accessToken);
  const topic = newTopic();
  const second = watchOn(first.socket, `subscription { streamNotices(topic: "${topic}") { text } }`);
  await expect.poll(() => graphs.stream.listeners(topic)).toBe(1);
  first.complete();
  await isLeft(graphs.socket, first.topic);
  graphs.stream.emit(topic, { text: "alive" });
  await expect.poll(second.told).toEqual([{ data: { streamNotices: { text: "alive" } } }]);
});
