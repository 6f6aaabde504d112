import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GraphQLError } from "graphql";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { type Behaviour, type BrokenUpstream, brokenSdl, startBrokenUpstream } from "../../support/graphs/broken-upstream.ts";
import { type ServedGraph, serveGraph } from "../../support/graphs/served-graph.ts";
import { until } from "../../support/until.ts";

let folder: string;
let broken: BrokenUpstream;
let healthy: ServedGraph;
let gateway: TestGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "broken-"));
  await writeFile(join(folder, "broken.graphql"), brokenSdl);
  broken = await startBrokenUpstream();
  healthy = await serveGraph({
    server: "yoga",
    sdl: "type Query { health: String! ailing: String _sdl: String! }",
    resolvers: { Query: { health: () => "fine", ailing } },
  });
  gateway = await startTestGateway({
    gatewayYaml: `upstreams:
  - { name: broken, url: "${broken.url}", sdl: { file: "${join(folder, "broken.graphql")}" }, timeout: 1s, retries: 1, bodyLimit: 1MB }
  - { name: healthy, url: "${healthy.url}", sdl: { query: _sdl } }
`,
  });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([broken?.close(), healthy?.close()]);
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  broken.behave("well");
  broken.takePaths();
});

function ailing(): never {
  throw new GraphQLError("ouch", { extensions: { code: "OUCH" } });
}

const unavailable = (...path: string[]) => ({ path, extensions: { code: "UPSTREAM_UNAVAILABLE", upstream: "broken" } });
const noAnswers: Behaviour[] = [
  "silent",
  "trickling",
  "garbage",
  "no GraphQL",
  "empty object",
  "502 of a proxy",
  "10 MB",
  "cut short",
  "reset",
  "redirect",
];

test.each(noAnswers)("%s: its fields are null, and the rest of the answer is there", async (behaviour) => {
  broken.behave(behaviour);
  const { status, data, errors, text } = await gateway.post({ query: "{ item { name } note health __typename }" });
  expect(status).toBe(200);
  expect(data).toEqual({ item: null, note: null, health: "fine", __typename: "Query" });
  expect(errors).toMatchObject([unavailable("item"), unavailable("note")]);
  expect(text).not.toMatch(/10\.0\.0\.7|html|undici|ECONN|127\.0\.0\.1/);
});

test.each(noAnswers)("%s: also where it is asked alone", async (behaviour) => {
  broken.behave(behaviour);
  const { data, errors } = await gateway.post({ query: "{ item { name } note }" });
  expect(data).toEqual({ item: null, note: null });
  expect(errors).toMatchObject([unavailable("item"), unavailable("note")]);
  broken.behave("well");
  expect((await gateway.post({ query: "{ item { name } note }" })).data).toEqual({ item: { name: "good" }, note: "note" });
});

test("an upstream that is down: the same, and what went wrong is in the log", async () => {
  const gone = await startBrokenUpstream();
  const lonely = await startTestGateway({
    gatewayYaml: `upstreams:\n  - { name: broken, url: "${gone.url}", sdl: { file: "${join(folder, "broken.graphql")}" } }\n`,
  });
  await gone.close();
  const { data, errors } = await lonely.post({ query: "{ item { name } }" });
  expect({ data, errors }).toMatchObject({ data: { item: null }, errors: [unavailable("item")] });
  expect(lonely.logs).toContainEqual(
    expect.objectContaining({ upstream: "broken", problem: expect.objectContaining({ code: "ECONNREFUSED" }) }),
  );
  const metrics = await (await fetch(`${lonely.url}/metrics`)).text();
  expect(metrics).toContain('auth_upstream_duration_seconds_count{upstream="broken",outcome="unavailable"} 1');
  await lonely.close();
});

test("an answer that is none is told in the log, without what it said", async () => {
  // Whatever failed before is over.
  broken.behave("well");
  gateway.clock.advance(20);
  await gateway.post({ query: "{ note }" });
  broken.behave("502 of a proxy");
  const before = gateway.logs.length;
  await gateway.post({ query: "{ note }" });
  const told = gateway.logs.slice(before);
  expect(told).toMatchObject([{ level: 40, upstream: "broken", requestId: expect.any(String) }]);
  expect(JSON.stringify(told)).not.toContain("10.0.0.7");
});

test("a redirect is not followed", async () => {
  broken.behave("redirect");
  await gateway.post({ query: "{ note }" });
  expect(new Set(broken.takePaths())).toEqual(new Set(["/graphql"]));
});

test("queries are sent again as often as configured, mutations never", async () => {
  broken.behave("reset");
  await gateway.post({ query: "{ note }" });
  expect(broken.takePaths()).toHaveLength(2);
  const { errors } = await gateway.post({ query: "mutation { change }" });
  expect(errors).toMatchObject([unavailable("change")]);
  expect(broken.takePaths()).toHaveLength(1);
});

test("values of another shape than the schema's are no answer", async () => {
  broken.behave("wrong shapes");
  const { data, errors } = await gateway.post({ query: "{ item { name } note }" });
  expect(data).toEqual({ item: null, note: null });
  expect(errors).toMatchObject([unavailable("item"), unavailable("note")]);
});

test("a byte order mark is no part of an answer", async () => {
  broken.behave("with a byte order mark");
  const { data, errors } = await gateway.post({ query: "{ note }" });
  expect({ data, errors }).toEqual({ data: { note: "note" }, errors: [] });
});

test("null where none may be bubbles, with an error", async () => {
  broken.behave("null where none may be");
  const { data, errors } = await gateway.post({ query: "{ item { name tags } note }" });
  expect(data).toEqual({ item: null, note: "note" });
  expect(errors).toMatchObject([unavailable("item", "name")]);
});

test("what nobody asked for is dropped", async () => {
  broken.behave("more than was asked for");
  const { text } = await gateway.post({ query: "{ item { name } note }" });
  expect(JSON.parse(text)).toEqual({ data: { item: { name: "good" }, note: "note" } });
});

test("an upstream's own errors pass, without what is for its developers", async () => {
  broken.behave("errors of its own");
  const alone = await gateway.post({ query: "{ item { name } note }" });
  expect(alone.data).toEqual({ item: null, note: "note" });
  expect(alone.errors).toEqual([{ message: "out of stock", path: ["item"], extensions: { code: "OUT_OF_STOCK" } }]);
  const together = await gateway.post({ query: "{ a: ailing note health }" });
  expect(together.errors).toContainEqual(expect.objectContaining({ message: "ouch", path: ["a"], extensions: { code: "OUCH" } }));
});

test("of errors without end the first thousand pass, and of a path without end nothing", async () => {
  broken.behave("errors without end");
  const many = await gateway.post({ query: "{ item { name } note }" });
  expect(many.data).toEqual({ item: null, note: "note" });
  expect(many.errors).toHaveLength(1000);
  broken.behave("a path without end");
  const { data, errors } = await gateway.post({ query: "{ item { name } note }" });
  expect(data).toEqual({ item: null, note: "note" });
  expect(errors).toEqual([{ message: "far away", extensions: { code: "UPSTREAM_ERROR" } }]);
});

test("values nested without end are no answer, and the rest is there", async () => {
  broken.behave("values nested without end");
  const { status, data, errors } = await gateway.post({ query: "{ item { name } note blob }" });
  expect({ status, data }).toEqual({ status: 200, data: { item: null, note: "note", blob: null } });
  expect(errors).toMatchObject([{ message: "m", extensions: { code: "DEEP" } }, unavailable("blob")]);
  expect(errors[0]?.extensions).toEqual({ code: "DEEP" });
});

test("no socket is left behind", async () => {
  for (const behaviour of noAnswers) {
    broken.behave(behaviour);
    await Promise.all(Array.from({ length: 8 }, () => gateway.post({ query: "{ note }" })));
  }
  // Those that are kept for the next call are closed after some seconds of idleness, or sooner by the server.
  await until(async () => (await broken.openSockets()) <= 8, 10_000);
});
