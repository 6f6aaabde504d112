import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  buildClientSchema,
  execute,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionOptions,
  type IntrospectionQuery,
  parse,
  print,
} from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDraw } from "../../access/random-graphs.ts";
import { dataOf } from "../../support/client.ts";
import { compareLanes, watchLanes } from "../../support/clients/lanes.ts";
import { openSocket } from "../../support/clients/live-socket.ts";
import { splitIntoFragments } from "../../support/clients/split-into-fragments.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import type { ServedGraph } from "../../support/graphs/served-graph.ts";
import { openShop, type Shop } from "../../support/graphs/shop.ts";
import { serveInventory, serveShipping } from "../../support/graphs/subgraphs.ts";
import { composeSupergraph } from "../../support/graphs/supergraph.ts";
import { rounds } from "../../support/rounds.ts";

/** All that there is, as GraphiQL, Apollo Sandbox and code generators ask for it. */
const everything: IntrospectionOptions = {
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
};

interface Case {
  readonly gateway: TestGateway;
  readonly token: string;
  readonly schema: GraphQLSchema;
}

let folder: string;
let shop: Shop;
let subgraphs: readonly ServedGraph[];
const cases = new Map<string, Case>();

async function open(gatewayYaml: string): Promise<Case> {
  const gateway = await startTestGateway({ gatewayYaml });
  const { accessToken } = await gateway.register();
  const introspected = dataOf(await gateway.post({ query: getIntrospectionQuery(everything) }));
  return { gateway, token: accessToken, schema: buildClientSchema(introspected as unknown as IntrospectionQuery) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "introspection-"));
  shop = await openShop();
  const [inventory, shipping] = await Promise.all([serveInventory(), serveShipping()]);
  subgraphs = [inventory, shipping];
  const file = join(folder, "supergraph.graphql");
  const named = Object.entries({ inventory, shipping }).map(([name, { url }]) => ({ name, url }));
  await writeFile(file, await composeSupergraph(named));
  const one = `upstreams:\n  - { name: products, url: "${shop.products.url}", sdl: { query: _sdl } }\n`;
  cases.set("one upstream", await open(one));
  cases.set("stitched upstreams", await open(shop.yaml()));
  cases.set("a supergraph", await open(`supergraph: { file: "${file}" }\n`));
  cases.set("no upstream, but rules of access", await open("access: { default: public, rules: { Query.me: authenticated } }\n"));
});
afterAll(async () => {
  await Promise.all([...cases.values()].map(({ gateway }) => gateway.close()));
  await Promise.all([shop, ...(subgraphs ?? [])].map((served) => served?.close()));
  await rm(folder, { recursive: true, force: true });
});

const kinds = ["one upstream", "stitched upstreams", "a supergraph", "no upstream, but rules of access"] as const;

function caseOf(kind: (typeof kinds)[number]): Case {
  const found = cases.get(kind);
  if (found === undefined) throw new Error(`${kind} was not opened`);
  return found;
}

const questions = {
  "the standard query": getIntrospectionQuery(),
  "the standard query with everything": getIntrospectionQuery(everything),
  "the query of Sandbox and GraphiQL": getIntrospectionQuery({
    schemaDescription: true,
    inputValueDeprecation: true,
    specifiedByUrl: true,
  }),
  "a named fragment": '{ __type(name: "Query") { ...T } } fragment T on __Type { name kind }',
  "nested fragments with directives and variables": `query Ask($name: String!, $fields: Boolean!, $no: Boolean = false) {
    __typename
    ...Root
    __schema { __typename ...S @include(if: $fields) }
  }
  fragment Root on Query { t: __type(name: $name) { ...T ...N } __schema { ...S } }
  fragment S on __Schema { queryType { ...N ...T @skip(if: $no) } directives { ...D } }
  fragment T on __Type { __typename fields(includeDeprecated: $fields) @include(if: $fields) { name args { ...V } type { ...N } } }
  fragment N on __Type { name kind ofType { name } }
  fragment D on __Directive { name args { ...V } }
  fragment V on __InputValue { name defaultValue type { ...N } }`,
};
const variables = { name: "User", fields: true };

describe.each(kinds)("with %s", (kind) => {
  test.each(Object.entries(questions))("%s is answered on every lane as graphql-js answers it", async (_name, query) => {
    const { gateway, schema, token } = caseOf(kind);
    const sent = query.startsWith("query Ask") ? { query, variables } : { query };
    const expected = await execute({ schema, document: parse(query), variableValues: sent.variables ?? {} });
    expect(expected.errors).toBeUndefined();
    const plain = JSON.parse(JSON.stringify({ data: expected.data }));
    const lanes = watchLanes(gateway.url);
    const answer = await compareLanes(lanes, () => ({ body: sent }));
    lanes.close();
    expect(JSON.parse(answer.text)).toEqual(plain);
    const search = new URLSearchParams({ query, variables: JSON.stringify(sent.variables ?? {}) });
    const got = await fetch(`${gateway.url}/graphql?${search}`, { headers: { "apollo-require-preflight": "1" } });
    expect(await got.json()).toEqual(plain);
    const socket = await openSocket(gateway.url);
    await socket.init({ accessToken: token });
    expect(await socket.ask(query, sent.variables)).toMatchObject({ ...plain, errors: [] });
    socket.socket.close();
  });
});

/** What is about the schema beside what is answered elsewhere. */
const mixed = {
  "one upstream": "products(first: 1) { id name supplier { name } __typename }",
  "stitched upstreams":
    "products(first: 1) { id inStock reviews { body author { nickname } } __typename } warehouse { city places { __typename } }",
  "a supergraph": "items { name postage eta __typename }",
  "no upstream, but rules of access": "me { id sessions { id __typename } }",
} as const;

test.each(kinds)("with %s, it does not matter how an operation is split into fragments", async (kind) => {
  const { gateway, schema, token } = caseOf(kind);
  const document = parse(`query Q {
    __typename
    ${mixed[kind]}
    me { id email __typename }
    __schema { __typename queryType { name fields { name type { kind ofType { name } } } } directives { name args { name defaultValue } } }
    __type(name: "User") { name kind fields(includeDeprecated: true) { name args { name type { name } }
      type { kind name ofType { name kind } } } }
  }`);
  async function ask(query: string) {
    const { data, errors } = await gateway.post({ query, variables: { yes: true } }, { token });
    return { data, denied: errors.map(({ path, extensions }) => [path, extensions.code]) };
  }
  const expected = await ask(print(document));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
      expect(await ask(print(splitIntoFragments(document, schema, createDraw(seed))))).toEqual(expected);
    }),
    { numRuns: rounds(25) },
  );
});
