import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ServedGraph, serveGraph } from "../support/graphs/served-graph.ts";
import { serveInventory } from "../support/graphs/subgraphs.ts";
import { composeSupergraph } from "../support/graphs/supergraph.ts";

let folder: string;
let auth: TestGateway;
let inventory: ServedGraph;
let supergraph: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "auth-graph-"));
  [auth, inventory] = await Promise.all([startTestGateway(), serveInventory()]);
  supergraph = join(folder, "supergraph.graphql");
  const subgraphs = [
    { name: "auth", url: `${auth.url}/graphql` },
    { name: "inventory", url: inventory.url },
  ];
  await writeFile(supergraph, await composeSupergraph(subgraphs));
});
afterAll(async () => {
  await Promise.all([auth?.close(), inventory?.close()]);
  await rm(folder, { recursive: true, force: true });
});

test("an upstream that has a root field of the auth graph, and would receive its passwords, stops the start", async () => {
  const legacy = await serveGraph({
    server: "yoga",
    sdl: "type Query { me: String, _sdl: String! } type Mutation { login(password: String): String }",
    resolvers: { Mutation: { login: () => "mine" } },
  });
  const gatewayYaml = `upstreams:\n  - { name: legacy, url: "${legacy.url}", sdl: { query: _sdl } }\n`;
  await expect(startTestGateway({ gatewayYaml })).rejects.toThrow(/Query\.me of "legacy"\n- Mutation\.login of "legacy"/);
  await legacy.close();
});

test("a supergraph whose auth subgraph goes by another name than the configuration says stops the start", async () => {
  const renamed = join(folder, "renamed.graphql");
  const gatewayYaml = `supergraph: { file: "${supergraph}", authSubgraph: accounts }\n`;
  await expect(startTestGateway({ gatewayYaml })).rejects.toThrow(/named "auth"/);
  await writeFile(renamed, (await readFile(supergraph, "utf8")).replaceAll('name: "auth"', 'name: "accounts"'));
  await expect(startTestGateway({ gatewayYaml: `supergraph: { file: "${renamed}" }\n` })).rejects.toThrow(/Mutation\.login of "accounts"/);
});

test("`default: authenticated` leaves sign-in open in a supergraph, too", async () => {
  const gateway = await startTestGateway({ gatewayYaml: `supergraph: { file: "${supergraph}" }\naccess: { default: authenticated }\n` });
  const { accessToken } = await gateway.register();
  const anonymous = await gateway.post({ query: "{ items { name } }" });
  expect(anonymous.errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED", coordinate: "Query.items" } }]);
  const { data } = await gateway.post({ query: "{ items { name } }" }, { token: accessToken });
  expect(data).toEqual({ items: [{ name: "item 1" }, { name: "item 2" }] });
  await gateway.close();
});
