import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import type { ServedGraph } from "../support/graphs/served-graph.ts";
import { serveMedia, serveRatings } from "../support/graphs/subgraphs.ts";
import { composeSupergraph } from "../support/graphs/supergraph.ts";

let folder: string;
let media: ServedGraph;
let ratings: ServedGraph;
let subgraphs: string;
let supergraph: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "interface-objects-"));
  [media, ratings] = await Promise.all([serveMedia(), serveRatings()]);
  const named = Object.entries({ media, ratings }).map(([name, { url }]) => ({ name, url }));
  subgraphs = `upstreams:\n${named.map(({ name, url }) => `  - { name: ${name}, url: "${url}", sdl: { query: _service } }\n`).join("")}`;
  const file = join(folder, "supergraph.graphql");
  await writeFile(file, await composeSupergraph(named));
  supergraph = `supergraph: { file: "${file}" }\n`;
});
afterAll(async () => {
  await Promise.all([media?.close(), ratings?.close()]);
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => void ratings.calls.splice(0));

async function ask(gateway: TestGateway, query: string) {
  const { data, errors } = await gateway.post({ query });
  return { data, coordinates: errors.map(({ extensions }) => extensions.coordinate) };
}

const stars = ["{ media { ... on Book { stars } } }", "{ books { stars } }", "{ media { stars } }"];
const votes = ["{ media { ... on Book { votes } } }", "{ books { votes } }", "{ media { votes } }"];

test.each([
  ["subgraphs", () => subgraphs],
  ["a supergraph", () => supergraph],
])("%s: what guards a field of an interface object guards it on every type that implements the interface", async (_title, yaml) => {
  const gateway = await startTestGateway({ gatewayYaml: yaml() });
  ratings.calls.splice(0);
  for (const query of stars) expect(await ask(gateway, query)).toMatchObject({ coordinates: ["Book.stars"] });
  expect(ratings.calls).toEqual([]);
  const { accessToken: token } = await gateway.register();
  expect((await gateway.post({ query: "{ media { ... on Book { title stars } } }" }, { token })).data).toEqual({
    media: [{ title: "one", stars: 5 }],
  });
  expect(await ask(gateway, "{ media { ... on Book { votes } } }")).toEqual({ data: { media: [{ votes: 12 }] }, coordinates: [] });
  await gateway.close();
});

test.each([
  ["a rule", "rules: { Media.votes: { roles: [voter] } }"],
  ["the default", "default: authenticated, rules: { Query.media: public, Query.books: public }"],
])("%s guards it there, too", async (_title, access) => {
  const gateway = await startTestGateway({ gatewayYaml: `${subgraphs}access: { ${access} }\nroles: { voter: { scopes: [] } }\n` });
  ratings.calls.splice(0);
  for (const query of votes) expect(await ask(gateway, query)).toMatchObject({ coordinates: ["Book.votes"] });
  expect(ratings.calls).toEqual([]);
  await gateway.close();
});
