import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codesOf } from "../support/client.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ServedGraph, serveGraph } from "../support/graphs/served-graph.ts";

let ticker: ServedGraph;
let gateway: TestGateway;

beforeAll(async () => {
  ticker = await serveGraph({
    server: "yoga",
    sdl: `directive @authenticated on FIELD_DEFINITION
      type Query { now: Int _sdl: String! }
      type Subscription { tick: Int secretTick: Int @authenticated }`,
    resolvers: {
      Query: { now: () => 1 },
      Subscription: Object.fromEntries(
        ["tick", "secretTick"].map((name) => [
          name,
          {
            async *subscribe() {
              for (let count = 1; count <= 2; count += 1) yield { [name]: count };
            },
          },
        ]),
      ),
    },
  } as never);
  const upstream = `{ name: ticker, url: "${ticker.url}", sdl: { query: _sdl }, subscriptions: { protocol: sse } }`;
  gateway = await startTestGateway({ gatewayYaml: `upstreams: [${upstream}]\n` });
});
afterAll(async () => {
  await gateway?.close();
  await ticker?.close();
});

async function openAnonymously(payload?: Record<string, unknown>) {
  const socket = await openSocket(gateway.url);
  await socket.init(payload);
  return socket;
}

describe("a socket without a token", () => {
  test.each([undefined, {}, { accessToken: null }, { lang: "de" }])("gets what is public, by connection_init with %j", async (payload) => {
    const socket = await openAnonymously(payload);
    socket.send({ id: "a", type: "subscribe", payload: { query: "subscription { tick }" } });
    await socket.until(({ id, type }) => id === "a" && type === "complete");
    expect(socket.messages.filter(({ type }) => type === "next").map(({ payload: next }) => next)).toEqual([
      { data: { tick: 1 } },
      { data: { tick: 2 } },
    ]);
    expect((await socket.ask("{ now }")).data).toEqual({ now: 1 });
    socket.socket.close();
  });

  test("is refused what is guarded, field by field, and stays open", async () => {
    const socket = await openAnonymously();
    for (const query of ["subscription { secretTick }", "subscription { sessionEvents { type } }", "{ me { id } }"]) {
      const { errors } = await socket.ask(query);
      expect(errors[0]?.extensions, query).toMatchObject({ code: "UNAUTHENTICATED", reason: "missing" });
    }
    expect((await socket.ask("{ now }")).data).toEqual({ now: 1 });
    socket.socket.close();
  });

  test("stays nobody's: a token is for another socket", async () => {
    const { accessToken } = await gateway.register();
    const socket = await openAnonymously();
    const { errors } = await socket.ask(`mutation { reauthenticate(accessToken: "${accessToken}") { id } }`);
    expect(errors[0]?.extensions.code).toMatch(/^(UNAUTHENTICATED|BAD_USER_INPUT)$/);
    expect((await socket.ask("{ me { id } }")).errors[0]?.extensions.code).toBe("UNAUTHENTICATED");
    socket.socket.close();
  });
});

describe("a condition on what is subscribed to", () => {
  const documents = [
    ["without its argument", "subscription { tick @include }"],
    ["of a fragment, without its argument", "subscription { ...F @skip } fragment F on Subscription { tick }"],
    ["by a variable", "subscription Q($on: Boolean!) { tick @include(if: $on) }"],
    ["by null", "subscription { tick @include(if: null) }"],
    ["of another type", 'subscription { tick @include(if: "yes") }'],
  ] as const;

  test.each(documents)("%s is an error of validation, by HTTP and on a socket that stays open", async (_name, query) => {
    const logged = gateway.logs.length;
    const reply = await gateway.post({ query, variables: { on: true } });
    expect([reply.status, [...new Set(codesOf(reply))]]).toEqual([400, ["GRAPHQL_VALIDATION_FAILED"]]);
    const { accessToken } = await gateway.register();
    const socket = await openAnonymously({ accessToken });
    const { errors, data } = await socket.ask(query, { on: true });
    expect([data, [...new Set(errors.map(({ extensions }) => extensions.code))]]).toEqual([undefined, ["GRAPHQL_VALIDATION_FAILED"]]);
    expect((await socket.ask("{ now }")).data).toEqual({ now: 1 });
    socket.socket.close();
    expect(gateway.logs.slice(logged).filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});
