import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { startBrokenUpstream } from "../support/graphs/broken-upstream.ts";
import { serveGraph } from "../support/graphs/served-graph.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upstream-sdl-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function startWith(sdl: string, more = "") {
  const file = join(folder, `${Math.random()}.graphql`);
  await writeFile(file, sdl);
  return startTestGateway({
    gatewayYaml: `upstreams: [{ name: shop, url: "http://127.0.0.1:9/graphql", sdl: { file: "${file}" } }]\n${more}`,
  });
}

const directives =
  "directive @requiresScopes(scopes: [[String!]!]!) on OBJECT | FIELD_DEFINITION directive @authenticated on OBJECT | FIELD_DEFINITION";
const federation =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: [{ name: "@authenticated", as: "@loggedIn" }])';

test.each([
  ["an SDL that is none", "type Query {", /"shop" is not a valid schema/],
  ["an SDL with a type that is not there", "type Query { a: Missing }", /"shop" is not a valid schema.*Missing/],
  ["a requirement that lets everybody through", `${directives} type Query { a: Int @requiresScopes(scopes: []) }`, /Query\.a/],
  [
    "a requirement that lets everybody through, one level down",
    `${directives} type Query { a: Int @requiresScopes(scopes: [[]]) }`,
    /Query\.a/,
  ],
  ["a directive that federation renamed, under another name", `${federation} type Query { a: Int @authentified }`, /Query\.a|authentified/],
  ["a policy, which nobody here can judge", `type Query { a: Int @policy(policies: [["x"]]) }`, /Query\.a.*@policy/],
  ["a requirement where none can stand", `${directives} type Query { a(b: Int @authenticated): Int }`, /Query\.a/],
])("%s stops the start", async (_title, sdl, message) => {
  await expect(startWith(sdl)).rejects.toThrow(message);
});

test("a renamed directive guards as the one that it is", async () => {
  const gateway = await startWith(`${federation} directive @loggedIn on FIELD_DEFINITION type Query { open: Int closed: Int @loggedIn }`);
  const { errors } = await gateway.post({ query: "{ closed }" });
  expect(errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED", coordinate: "Query.closed" } }]);
  await gateway.close();
});

test("a directive on one graph's `extend type Query` guards that graph's fields and nobody else's", async () => {
  const other = await serveGraph({
    server: "yoga",
    sdl: "type Query { free: Int _sdl: String! }",
    resolvers: { Query: { free: () => 1 } },
  });
  const file = join(folder, "extending.graphql");
  await writeFile(file, `${directives} type Query { theirs: Int } extend type Query @authenticated { more: Int }`);
  const gateway = await startTestGateway({
    gatewayYaml: `upstreams:
  - { name: shop, url: "http://127.0.0.1:9/graphql", sdl: { file: "${file}" } }
  - { name: other, url: "${other.url}", sdl: { query: _sdl } }
`,
  });
  const { data, errors } = await gateway.post({ query: "{ free theirs more __typename }" });
  expect(data).toEqual({ free: 1, theirs: null, more: null, __typename: "Query" });
  expect(errors.map(({ extensions }) => [extensions.code, extensions.coordinate])).toEqual([
    ["UNAUTHENTICATED", "Query.theirs"],
    ["UNAUTHENTICATED", "Query.more"],
  ]);
  expect(
    (await gateway.post({ query: 'mutation { login(input: { email: "a@b.example", password: "not the password" }) { tokenType } }' }))
      .errors,
  ).toMatchObject([{ extensions: { code: "INVALID_CREDENTIALS" } }]);
  await gateway.close();
  await other.close();
});

test("introspection is enough for a graph that policies guard", async () => {
  const graph = await serveGraph({
    server: "apollo",
    sdl: "type Query { stock: Int secret: Int }",
    resolvers: { Query: { stock: () => 7, secret: () => 8 } },
  });
  const gateway = await startTestGateway({
    gatewayYaml:
      `upstreams: [{ name: legacy, url: "${graph.url}", sdl: { introspection: true } }]\naccess: { rules: { Query.secret: ` +
      "{ roles: [admin] } } }\n",
  });
  graph.calls.splice(0);
  const { data, errors } = await gateway.post({ query: "{ stock secret }" });
  expect(data).toEqual({ stock: 7, secret: null });
  expect(errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED", coordinate: "Query.secret" } }]);
  expect(graph.calls.map(({ query }) => query).join()).not.toContain("secret");
  await gateway.close();
  await graph.close();
});

test("an upstream that does not tell its SDL stops the start, by name", async () => {
  const broken = await startBrokenUpstream();
  broken.behave("garbage");
  const start = startTestGateway({ gatewayYaml: `upstreams: [{ name: shop, url: "${broken.url}", sdl: { query: _sdl } }]\n` });
  await expect(start).rejects.toThrow(/"shop" does not answer the query for its SDL/);
  await broken.close();
});

test("two graphs that ask for one field ask for both", async () => {
  const one = await serveGraph({
    server: "yoga",
    sdl: `directive @hasRole(roles: [String!]!) on FIELD_DEFINITION ${directives}
    directive @key(selectionSet: String!) on OBJECT directive @merge(keyField: String) on FIELD_DEFINITION
      type Query { things: [Thing] thingsById(ids: [ID!]!): [Thing] @merge(keyField: "id") _sdl: String! }
      type Thing @key(selectionSet: "{ id }") { id: ID! secret: Int @hasRole(roles: ["a", "b"]) }`,
    resolvers: { Query: { things: () => [{ id: "1", secret: 1 }], thingsById: () => [{ id: "1", secret: 1 }] } },
  });
  const file = join(folder, "two.graphql");
  await writeFile(
    file,
    `${directives} directive @hasRole(roles: [String!]!) on FIELD_DEFINITION
      directive @key(selectionSet: String!) on OBJECT directive @merge(keyField: String) on FIELD_DEFINITION
      type Query { others(ids: [ID!]!): [Thing] @merge(keyField: "id") }
      type Thing @key(selectionSet: "{ id }") { id: ID! secret: Int @hasRole(roles: ["c"]) @requiresScopes(scopes: [["s"]]) }`,
  );
  const gateway = await startTestGateway({
    gatewayYaml: `upstreams:
  - { name: one, url: "${one.url}", sdl: { query: _sdl } }
  - { name: two, url: "http://127.0.0.1:9/graphql", sdl: { file: "${file}" } }
roles: { a: { scopes: [s] }, c: {} }
`,
  });
  const { user } = await gateway.register();
  const ask = async (...roles: string[]) => {
    await gateway.database.sql`update users set roles = ${["user", ...roles]} where id = ${user.id}`;
    const { accessToken } = await gateway.login(user.email);
    return (await gateway.post({ query: "{ things { id secret } }" }, { token: accessToken })).errors.map(
      ({ extensions }) => extensions.missing,
    );
  };
  expect(await ask("c")).toEqual([["s"]]);
  expect(await ask("a")).toEqual([["c"]]);
  expect(await ask("a", "c")).toEqual([]);
  await gateway.close();
  await one.close();
});
