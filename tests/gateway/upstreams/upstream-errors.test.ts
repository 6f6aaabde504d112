import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareLanes, watchLanes } from "../../support/clients/lanes.ts";
import { openSocket } from "../../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { type KeyServer, startKeyServer } from "../../support/keys/key-server.ts";

let folder: string;
let upstreams: readonly KeyServer[];
let gateway: TestGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upstream-errors-"));
  upstreams = await Promise.all([startKeyServer(), startKeyServer()]);
  await writeFile(join(folder, "one.graphql"), "type Query { one: Int }");
  await writeFile(join(folder, "two.graphql"), "type Query { two: Int }");
  const lines = ["one", "two"].map(
    (name, index) => `  - { name: ${name}, url: "${upstreams[index]?.url}/", sdl: { file: "${folder}/${name}.graphql" } }\n`,
  );
  gateway = await startTestGateway({ gatewayYaml: `upstreams:\n${lines.join("")}` });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all((upstreams ?? []).map((each) => each.close()));
  await rm(folder, { recursive: true, force: true });
});

/** Both upstreams answer null, with an error that has these extensions. */
function answerWith(extensions: unknown): void {
  const [one, two] = upstreams;
  one?.answer("/", { data: { one: null }, errors: [{ message: "of one", path: ["one"], extensions }] });
  two?.answer("/", { data: { two: null }, errors: [{ message: "of two", path: ["two"], extensions }] });
}

const queries = ["{ one }", "{ one two }"];

test.each([302, 204, 418, 500, 99, -1, "teapot", null])(
  "an upstream's error sets no status and no header of ours, on any lane: %j",
  async (status) => {
    answerWith({ code: "TEAPOT", http: { status, headers: { "x-theirs": "1", "set-cookie": "a=b" } } });
    const lanes = watchLanes(gateway.url);
    const { accessToken } = await gateway.register();
    const socket = await openSocket(gateway.url);
    await socket.init({ accessToken });
    for (const query of queries) {
      const { status: ours, headers, text } = await compareLanes(lanes, () => ({ body: { query } }));
      expect([ours, headers["x-theirs"], headers["set-cookie"]]).toEqual([200, undefined, undefined]);
      const extensions = JSON.parse(text).errors.map((error: { extensions: unknown }) => error.extensions);
      expect(extensions).toEqual(extensions.map(() => ({ code: "TEAPOT" })));
      const got = await fetch(`${gateway.url}/graphql?query=${encodeURIComponent(query)}`, {
        headers: { "apollo-require-preflight": "1" },
      });
      expect([got.status, got.headers.get("x-theirs")]).toEqual([200, null]);
      expect((await socket.ask(query)).errors[0]?.extensions).toEqual({ code: "TEAPOT" });
    }
    socket.socket.close();
    lanes.close();
  },
);

test.each([undefined, null, {}, { code: 7 }, "none"])(
  "an upstream's error without a code keeps its message, with a code that says whose it is: %j",
  async (extensions) => {
    answerWith(extensions);
    const lanes = watchLanes(gateway.url);
    for (const query of queries) {
      const { text } = await compareLanes(lanes, () => ({ body: { query } }));
      const errors: { message: string; extensions: unknown }[] = JSON.parse(text).errors;
      expect(errors.map(({ message }) => message)).toEqual(["of one", "of two"].slice(0, errors.length));
      expect(errors.map((error) => error.extensions)).toEqual(errors.map(() => ({ code: "UPSTREAM_ERROR" })));
    }
    lanes.close();
  },
);

test.each([
  ["GRAPHQL_VALIDATION_FAILED", { code: "GRAPHQL_VALIDATION_FAILED" }],
  ["UPSTREAM_ERROR", undefined],
])("an upstream that does not fit its SDL is named in the answer, and in the log: %s", async (code, extensions) => {
  const message = 'Cannot query field "one" on type "Query".';
  upstreams[0]?.answer("/", { errors: [{ message, locations: [{ line: 1, column: 3 }], extensions }] });
  upstreams[1]?.answer("/", { data: { two: 2 } });
  const before = gateway.logs.length;
  // What was told of it before is over.
  gateway.clock.advance(60);
  expect((await gateway.post({ query: "{ one }" })).errors).toMatchObject([{ message, extensions: { code, upstream: "one" } }]);
  const { data, errors } = await gateway.post({ query: "{ one two }" });
  expect(data).toEqual({ one: null, two: 2 });
  expect(errors).toMatchObject([{ message, extensions: { code, upstream: "one" } }]);
  expect(gateway.logs.slice(before)).toContainEqual(
    expect.objectContaining({
      level: 40,
      msg: "a graph behind the gateway does not fit its SDL: it refuses operations that do",
      upstream: "one",
      problem: expect.objectContaining({ message }),
    }),
  );
});

test("what an upstream says of a value that was sent to it is not in the log", async () => {
  gateway.clock.advance(60);
  upstreams[0]?.answer("/", { errors: [{ message: 'Expected Int, found "hunter2".', extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }] });
  const before = gateway.logs.length;
  expect((await gateway.post({ query: "{ one }" })).errors).toMatchObject([{ extensions: { upstream: "one" } }]);
  const told = JSON.stringify(gateway.logs.slice(before));
  expect(told).toContain("GRAPHQL_VALIDATION_FAILED");
  expect(told).not.toContain("hunter2");
});
