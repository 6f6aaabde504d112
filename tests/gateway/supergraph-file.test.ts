import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ExplainAccessDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import type { ServedGraph } from "../support/graphs/served-graph.ts";
import { serveInventory, serveShipping } from "../support/graphs/subgraphs.ts";
import { composeSupergraph } from "../support/graphs/supergraph.ts";
import { until } from "../support/until.ts";

let folder: string;
let inventory: ServedGraph;
let shipping: ServedGraph;
let auth: TestGateway;
let gateway: TestGateway;

const subgraphs = (...names: readonly ("inventory" | "shipping" | "auth")[]) => {
  const urls = { inventory: inventory.url, shipping: shipping.url, auth: `${auth.url}/graphql` };
  return composeSupergraph(names.map((name) => ({ name, url: urls[name] })));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "supergraph-"));
  [inventory, shipping, auth] = await Promise.all([serveInventory(), serveShipping(), startTestGateway()]);
  await writeFile(join(folder, "supergraph.graphql"), await subgraphs("auth", "inventory"));
  gateway = await startTestGateway({ gatewayYaml: `supergraph: { file: "${join(folder, "supergraph.graphql")}" }\n` });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([auth?.close(), inventory?.close(), shipping?.close()]);
  await rm(folder, { recursive: true, force: true });
});

test("its subgraph `auth` is the graph in this process, and joins with the others", async () => {
  const ada = await gateway.register();
  const { data, errors } = await gateway.post({ query: "{ me { email items { name } } }" }, { token: ada.accessToken });
  expect(errors).toEqual([]);
  expect(data).toEqual({ me: { email: ada.user.email, items: [{ name: "item 1" }, { name: "item 2" }] } });
});

test("directives that the composition has kept are enforced, `@hasRole` among them", async () => {
  const { errors } = await gateway.post({ query: "{ users { totalCount } me { items { id } } }" });
  expect(errors).toMatchObject([
    { path: ["users"], extensions: { code: "UNAUTHENTICATED", directive: "hasRole" } },
    { path: ["me"], extensions: { code: "UNAUTHENTICATED" } },
  ]);
});

test("a new file takes the place of the old one without a restart or a lost answer; one that cannot be served does not", async () => {
  const ask = (query: string) => gateway.post({ query });
  const { accessToken: token } = await gateway.registerAdmin();
  const explain = async () => codesOf(await gateway.send(ExplainAccessDocument, { operation: "{ shippers }" }, { token }));
  expect(await explain()).toEqual(["BAD_USER_INPUT"]);
  expect((await ask("{ shippers }")).errors).toMatchObject([{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }]);
  let isDone = false;
  const answers: unknown[] = [];
  const load = Array.from({ length: 4 }, async () => {
    while (!isDone) answers.push((await ask("{ items { name } }")).data);
  });
  await writeFile(join(folder, "supergraph.graphql"), await subgraphs("auth", "inventory", "shipping"));
  await until(async () => (await ask("{ shippers }")).errors.length === 0, 20_000);
  await writeFile(join(folder, "supergraph.graphql"), "type Query { broken");
  await until(async () => gateway.logs.some(({ msg }) => String(msg).includes("cannot be served")), 20_000);
  expect(await explain()).toEqual([]);
  isDone = true;
  await Promise.all(load);
  expect(answers.length).toBeGreaterThan(10);
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['{"items":[{"name":"item 1"},{"name":"item 2"}]}']));
  expect((await ask("{ items { name eta } shippers }")).data).toEqual({
    items: [
      { name: "item 1", eta: "tomorrow" },
      { name: "item 2", eta: "tomorrow" },
    ],
    shippers: ["post"],
  });
});
