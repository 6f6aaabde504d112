import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { AuthFieldsFragment } from "../generated/operations.ts";
import { watch } from "../support/clients/watch.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { createTokenReader, serveEchoGraph } from "../support/graphs/echo-graph.ts";
import { type LiveGraph, serveLiveGraph } from "../support/graphs/live-graph.ts";
import type { ServedGraph } from "../support/graphs/served-graph.ts";

const USERS = 20;
/**
 * All at a time, by one process that is caller and upstream as well: as many as it answers within the time of a request on a busy machine.
 */
const QUERIES = 100;

let one: ServedGraph;
let two: ServedGraph;
let live: LiveGraph[];
let gateway: TestGateway;
let users: AuthFieldsFragment[];
let read: ReturnType<typeof createTokenReader>;

beforeAll(async () => {
  [one, two] = await Promise.all([serveEchoGraph("one", "mercurius"), serveEchoGraph("two", "yoga")]);
  live = await Promise.all([serveLiveGraph("socket", "apollo"), serveLiveGraph("stream", "yoga")]);
  const entries = [
    // All of it runs in one process, which takes its time.
    `{ name: one, url: "${one.url}", sdl: { query: _sdl }, timeout: 60s }`,
    `{ name: two, url: "${two.url}", sdl: { query: _sdl }, timeout: 60s }`,
    `{ name: socket, url: "${live[0]?.url}", sdl: { query: _sdl } }`,
    `{ name: stream, url: "${live[1]?.url}", sdl: { query: _sdl }, subscriptions: { protocol: sse } }`,
  ];
  gateway = await startTestGateway({ gatewayYaml: `upstreams:\n${entries.map((entry) => `  - ${entry}\n`).join("")}` });
  users = await Promise.all(Array.from({ length: USERS }, () => gateway.register()));
  read = createTokenReader(gateway.url, gateway.clock.now);
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([one, two, ...live].map((graph) => graph?.close()));
});
beforeEach(() => {
  for (const { calls } of [one, two]) calls.splice(0);
});

/** The subjects of every token in an answer, by the graph that it is for. */
async function subjectsIn(answer: unknown): Promise<Set<string | undefined>> {
  const tokens = [...JSON.stringify(answer).matchAll(/"(one|two)Caller":(?:"([^"]+)"|null)/g)];
  expect(tokens.length).toBeGreaterThan(0);
  const subjects = tokens.map(async ([, graph = "", token]) => (token === undefined ? undefined : (await read(token, graph)).sub));
  return new Set(await Promise.all(subjects));
}

/** The same document with the same variables, by all users and by callers who are nobody, all at a time. */
async function askAtOnce(query: string, variables: object) {
  const askers = Array.from({ length: QUERIES }, (_, index) => (index % 10 === 9 ? undefined : users[index % USERS]));
  return Promise.all(askers.map(async (user) => ({ user, reply: await gateway.post({ query, variables }, { token: user?.accessToken }) })));
}

const ids = ["1", "2", "3", "4", "5"];

test.each([
  ["over one graph", "query ($ids: [ID!]!) { oneItems(ids: $ids) { id oneCaller } }", { one: QUERIES, two: 0 }],
  [
    "over two, joined in batches",
    "query ($ids: [ID!]!) { oneItems(ids: $ids) { id oneCaller twoCaller } }",
    { one: QUERIES, two: QUERIES },
  ],
  [
    "over two, from both sides",
    "query ($ids: [ID!]!) { oneCaller oneItems(ids: $ids) { id oneCaller twoCaller } twoItems(ids: $ids) { twoCaller oneCaller } }",
    undefined,
  ],
])("a hundred simultaneous queries of twenty users %s: every answer holds its own caller only", async (_name, query, calls) => {
  const answers = await askAtOnce(query, { ids });
  for (const { user, reply } of answers) {
    expect(reply.errors).toEqual([]);
    expect(await subjectsIn(reply.data)).toEqual(new Set([user?.user.id]));
  }
  if (calls !== undefined) expect({ one: one.calls.length, two: two.calls.length }).toEqual(calls);
  expect(one.calls.length).toBeGreaterThanOrEqual(QUERIES);
});

test("no call is made for two of them: every user's calls carry that user's identity, as many as that user has asked for", async () => {
  await askAtOnce("query ($ids: [ID!]!) { oneItems(ids: $ids) { twoCaller } }", { ids });
  for (const [graph, { calls }] of Object.entries({ one, two })) {
    const counts = new Map<string | undefined, number>();
    for (const { headers } of calls) {
      const token = headers["gateway-identity"];
      const subject = token === undefined ? undefined : (await read(token, graph)).sub;
      counts.set(subject, (counts.get(subject) ?? 0) + 1);
    }
    const asked = Array.from({ length: QUERIES }, (_, index) => (index % 10 === 9 ? undefined : users[index % USERS]?.user.id));
    const expected = new Map<string | undefined, number>();
    for (const subject of asked) expected.set(subject, (expected.get(subject) ?? 0) + 1);
    expect(counts).toEqual(expected);
  }
});

test("mutations, too", async () => {
  const answers = await askAtOnce("mutation { oneChange twoChange }", {});
  for (const { user, reply } of answers) {
    expect(reply.errors).toEqual([]);
    for (const graph of ["one", "two"]) {
      const token = reply.data?.[`${graph}Change`];
      expect(user === undefined ? token : (await read(token, graph)).sub).toBe(user === undefined ? null : user.user.id);
    }
  }
  expect(one.calls.length + two.calls.length).toBe(2 * QUERIES);
});

test.each([0, 1])(
  "two users who subscribe to the same thing have two connections to the upstream, with two identities (%#)",
  async (index) => {
    const graph = live[index] as LiveGraph;
    const sockets = await graph.openSockets();
    const watchers = await Promise.all(
      users.slice(0, 2).map(async ({ accessToken, user }) => ({
        user,
        ...(await watch(gateway.url, accessToken, `subscription { ${graph.name}Notices(topic: "same") { text caller } }`)),
      })),
    );
    await expect.poll(() => graph.listeners("same")).toBe(2);
    expect((await graph.openSockets()) - sockets).toBeGreaterThanOrEqual(index === 0 ? 2 : 1);
    graph.emit("same", { text: "hello" });
    for (const { told, user, socket } of watchers) {
      await expect.poll(() => told().length).toBe(1);
      const notice = told()[0]?.data?.[`${graph.name}Notices`] as { caller: string } | undefined;
      expect((await read(notice?.caller, graph.name)).sub).toBe(user.id);
      socket.socket.terminate();
    }
    await expect.poll(() => graph.listeners("same")).toBe(0);
  },
);
