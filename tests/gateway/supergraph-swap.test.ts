import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { Repeater } from "graphql-yoga";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type LiveSocket, openSocket } from "../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ServedGraph, serveGraph } from "../support/graphs/served-graph.ts";
import { until } from "../support/until.ts";

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@key", "@requiresScopes"])';
const GUARD = '@requiresScopes(scopes: [["costs"]])';
const itemsSdl = (guard: string) => `${link}
  type Query { items: [Item!]! }
  type Subscription { added: Item! }
  type Item @key(fields: "id") { id: ID! cost: Int ${guard} }`;
const etasSdl = `${link} type Query { etas: Int } type Item @key(fields: "id") { id: ID! eta: String }`;

/** Lets whoever waits go on. */
function createGate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

let folder: string;
let items: ServedGraph;
let etas: ServedGraph;
let gateway: TestGateway;
/** What the first of the two graphs waits for before it answers. */
let answering: Promise<void>;
let emit: (item: object) => void;

const file = () => join(folder, "supergraph.graphql");

async function writeSupergraph(guard: string): Promise<void> {
  const { supergraphSdl, errors } = composeServices([
    { name: "items", url: items.url, typeDefs: parse(itemsSdl(guard)) },
    { name: "etas", url: etas.url, typeDefs: parse(etasSdl) },
  ]);
  if (supergraphSdl === undefined) throw new Error(errors?.join());
  await writeFile(file(), supergraphSdl);
}

const isGuarded = async () => (await gateway.post({ query: "{ items { cost } }" })).errors.length > 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "swap-"));
  const item = { id: "1", cost: 9 };
  items = await serveGraph({
    server: "yoga",
    sdl: "type Query { items(slow: Int): [Item!]! } type Subscription { added: Item! } type Item { id: ID! cost: Int }",
    resolvers: {
      Query: { items: () => answering.then(() => [item]) },
      Subscription: {
        added: {
          subscribe: () =>
            new Repeater(async (push, stop) => {
              emit = (added) => void push({ added });
              await stop;
            }),
        },
      },
    },
  } as never);
  etas = await serveGraph({
    server: "yoga",
    sdl:
      "scalar _Any union _Entity = Item type Query { _entities(representations: [_Any!]!): [_Entity]! } type Item { id: " +
      "ID! eta: String }",
    resolvers: {
      _Entity: { __resolveType: () => "Item" },
      Query: { _entities: (_: unknown, { representations }: { representations: object[] }) => representations },
      Item: { eta: () => "tomorrow" },
    },
  } as never);
});
afterAll(async () => {
  await Promise.all([items?.close(), etas?.close()]);
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  answering = Promise.resolve();
  await writeSupergraph("");
  const subgraphs = "{ items: { subscriptions: { protocol: sse } } }";
  gateway = await startTestGateway({ gatewayYaml: `supergraph: { file: "${file()}", subgraphs: ${subgraphs} }\n` });
  return () => gateway.close();
});

test("an operation that has one of its graphs yet to ask is answered while the supergraph is replaced", async () => {
  const gate = createGate();
  answering = gate.opened;
  items.calls.splice(0);
  const answer = gateway.post({ query: "{ items { id cost eta } }" });
  await until(async () => items.calls.length > 0, 5000);
  answering = Promise.resolve();
  await writeSupergraph(GUARD);
  await until(isGuarded, 10_000);
  gate.open();
  expect((await answer).text).toContain('{"id":"1","cost":9,"eta":"tomorrow"}');
});

async function subscribe(selection: string): Promise<{ live: LiveSocket; payloads: () => unknown[]; isComplete: () => boolean }> {
  const live = await openSocket(gateway.url);
  await live.init({ authorization: `Bearer ${(await gateway.register()).accessToken}` });
  items.calls.splice(0);
  live.send({ id: "added", type: "subscribe", payload: { query: `subscription { added { ${selection} } }` } });
  await until(async () => items.calls.length > 0, 5000);
  return {
    live,
    payloads: () => live.messages.flatMap(({ type, payload }) => (type === "next" ? [payload] : [])),
    isComplete: () => live.messages.some(({ type }) => type === "complete"),
  };
}

test("a document that was read before is judged by the supergraph that is served now", async () => {
  const ask = () => gateway.post({ query: "{ items { cost } }" });
  for (const _time of [1, 2, 3]) expect((await ask()).data).toEqual({ items: [{ cost: 9 }] });
  await writeSupergraph(GUARD);
  await until(isGuarded, 10_000);
  items.calls.splice(0);
  for (const _time of [1, 2, 3]) expect((await ask()).data).toEqual({ items: [{ cost: null }] });
  expect(items.calls.map(({ query }) => query).join()).not.toContain("cost");
});

test("a subscription to what is guarded from now on ends before it tells another event; others go on", async () => {
  const guarded = await subscribe("id cost");
  await until(async () => emit !== undefined, 5000);
  const emitGuarded = emit;
  const open = await subscribe("id eta");
  await until(async () => emit !== emitGuarded, 5000);
  emitGuarded({ id: "1", cost: 9 });
  emit({ id: "1" });
  await until(async () => guarded.payloads().length === 1 && open.payloads().length === 1, 5000);
  await writeSupergraph(GUARD);
  await until(isGuarded, 10_000);
  emitGuarded({ id: "2", cost: 10 });
  emit({ id: "2" });
  await until(async () => guarded.isComplete() && open.payloads().length === 2, 5000);
  expect(guarded.payloads()).toEqual([{ data: { added: { id: "1", cost: 9 } } }]);
  expect(open.payloads()[1]).toEqual({ data: { added: { id: "2", eta: "tomorrow" } } });
  expect(open.isComplete()).toBe(false);
  for (const { live } of [guarded, open]) live.socket.terminate();
});
