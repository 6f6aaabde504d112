import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codesOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const SANDBOX = "https://studio.apollographql.com";
const APP = "https://app.example.com";
/** Of applications in web views, and of a browser's extension. */
const appOrigins = [
  "capacitor://localhost",
  "ionic://localhost",
  "tauri://localhost",
  "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
];

let database: TestDatabase;
let development: TestGateway;
let production: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  const productionEnv = {
    NODE_ENV: "production",
    DATABASE_URL: database.url,
    SECRET: "Vq3zL8wYc1RmXt6KpD0hUe9sBn4JgFa7",
    PUBLIC_URL: "https://auth.example.com",
    CORS_ORIGINS: `${APP},${appOrigins.join()}`,
  };
  // In production first: the keys are encrypted under its secret, and the other gateway must be able to read them.
  production = await startTestGateway({ database, env: productionEnv });
  development = await startTestGateway({ env: { CORS_ORIGINS: APP } });
});
afterAll(async () => {
  await Promise.all([production.close(), development.close()]);
  await database.drop();
});

function at(environment: string): TestGateway {
  return environment === "production" ? production : development;
}

function preflight(gateway: TestGateway, origin: string, headers = "authorization,content-type"): Promise<Response> {
  const asked = { origin, "access-control-request-method": "POST", "access-control-request-headers": headers };
  return fetch(`${gateway.url}/graphql`, { method: "OPTIONS", headers: asked });
}

/** What a browser needs to see before it lets a page of `origin` read the answer, cookies included. */
function mayRead(headers: Headers, origin: string): boolean {
  return headers.get("access-control-allow-origin") === origin && headers.get("access-control-allow-credentials") === "true";
}

describe("origins that are allowed", () => {
  test.each([
    ["development", SANDBOX],
    ["development", "https://sandbox.embed.apollographql.com"],
    ["development", APP],
    ["production", APP],
    ...appOrigins.map((origin): [string, string] => ["production", origin]),
  ])("in %s, %s may call with a token and with cookies", async (environment, origin) => {
    const gateway = at(environment);
    const asked = await preflight(gateway, origin, "authorization,content-type,apollo-require-preflight");
    expect(asked.status).toBe(204);
    expect(mayRead(asked.headers, origin)).toBe(true);
    expect(asked.headers.get("access-control-allow-headers")?.split(/, ?/)).toEqual(
      expect.arrayContaining(["authorization", "content-type", "apollo-require-preflight"]),
    );
    expect(asked.headers.get("access-control-allow-methods")).toMatch(/\bPOST\b/);
    const reply = await gateway.post({ query: "{ __typename }" }, { headers: { origin } });
    expect(reply.data).toEqual({ __typename: "Query" });
    expect(mayRead(reply.headers, origin)).toBe(true);
    expect(reply.headers.get("vary")?.toLowerCase()).toContain("origin");
    expect(reply.headers.get("access-control-expose-headers")).toContain("x-request-id");
  });

  test("may read refusals too, so that a page can tell its user why", async () => {
    const headers = { origin: APP, "content-type": "application/xml" };
    const reply = await production.post("<a/>", { headers });
    expect(reply.status).toBe(415);
    expect(mayRead(reply.headers, APP)).toBe(true);
  });
});

describe("every other origin is not, and none is reflected", () => {
  test.each<readonly [environment: string, origin: string]>([
    ["production", SANDBOX],
    ["production", "https://sandbox.embed.apollographql.com"],
    ["production", "http://localhost:4000"],
    ...["development", "production"].flatMap((environment) =>
      [
        "https://evil.example",
        "null",
        "https://app.example.com.evil.example",
        "https://evil-app.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://studio.apollographql.com.evil.example",
        "http://studio.apollographql.com",
        "file://",
        "*",
      ].map((origin) => [environment, origin] as const),
    ),
  ])("in %s: %s", async (environment, origin) => {
    const gateway = at(environment);
    for (const { headers } of [
      await preflight(gateway, origin),
      await gateway.post({ query: "{ __typename }" }, { headers: { origin } }),
    ]) {
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("vary")?.toLowerCase()).toContain("origin");
    }
  });
});

test.each(["development", "production"])(
  "a client of the same origin, which sends no Origin or its own, works in %s",
  async (environment) => {
    const gateway = at(environment);
    const headers = { cookie: "theme=dark", "sec-fetch-site": "same-origin" };
    for (const origin of [{}, { origin: gateway.url }] as Record<string, string>[]) {
      expect((await gateway.post({ query: "{ __typename }" }, { headers: { ...headers, ...origin } })).data).toEqual({
        __typename: "Query",
      });
    }
  },
);

test.each(["development", "production"])("any page may read the public keys, without credentials, in %s", async (environment) => {
  const response = await fetch(`${at(environment).url}/.well-known/jwks.json`, { headers: { origin: "https://evil.example" } });
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
});

describe("in development", () => {
  test("introspection shows the schema", async () => {
    const reply = await development.post({ query: getIntrospectionQuery() }, { headers: { origin: SANDBOX } });
    expect(codesOf(reply)).toEqual([]);
    expect(reply.text).toContain("RegisterInput");
  });

  test("introspection shows the directives that every GraphQL client knows", async () => {
    const reply = await development.post({ query: "{ __schema { directives { name } } }" });
    const directives = ["skip", "include", "deprecated", "specifiedBy"].map((name) => ({ name }));
    expect(reply.data).toEqual({ __schema: { directives: expect.arrayContaining(directives) } });
  });

  test("a browser that opens the graph gets Apollo Sandbox", async () => {
    const page = await fetch(`${development.url}/graphql`, { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } });
    expect(page.headers.get("content-type")).toContain("text/html");
    const html = await page.text();
    expect(html).toContain("embeddable-sandbox");
    expect(html).toMatch(/includeCookies[^,}]*true/);
  });

  test("misspelt fields are suggested", async () => {
    expect((await development.post({ query: "{ mee { id } }" })).text).toContain("Did you mean");
  });
});

describe("in production", () => {
  test.each([
    getIntrospectionQuery(),
    "{ __schema { types { name } } }",
    '{ __type(name: "User") { fields { name } } }',
    'query { ...Hidden } fragment Hidden on Query { innocent: __type(name: "User") { name } }',
  ])("introspection is refused: %.40s", async (query) => {
    const reply = await production.post({ query });
    expect(reply.status).toBe(400);
    expect(reply.data).toBeUndefined();
    expect(reply.text).not.toMatch(/RegisterInput|emailVerified/);
    expect((await production.post({ query: "{ __typename }" })).data).toEqual({ __typename: "Query" });
  });

  test.each([
    [
      "an input field that is missing",
      'mutation { login(input: { email: "a" }) { expiresIn } }',
      "An input object lacks a field that it requires.",
    ],
    ["an argument that is missing", "mutation { login { expiresIn } }", 'Field "login" lacks an argument that it requires.'],
    ["an argument of a directive that is missing", "{ __typename @skip }", 'Directive "@skip" lacks an argument that it requires.'],
    [
      "an input field that is none",
      'mutation { login(input: { email: "a", password: "b", x: 1 }) { expiresIn } }',
      'Field "x" is not defined by its input type.',
    ],
    ["a literal", "mutation { login(input: 1) { expiresIn } }", "A literal does not fit its type."],
    ["a literal of a scalar", "mutation { login(input: { email: 1, password: 2 }) { expiresIn } }", "A literal does not fit its type."],
    [
      "a variable",
      "mutation ($input: Int) { login(input: $input) { expiresIn } }",
      'Variable "$input" of type "Int" used in a position that expects another type.',
    ],
    ["a selection that is missing", "{ me }", 'Field "me" must have a selection of subfields.'],
    ["a selection of a scalar", "{ me { id { x } } }", 'Field "id" must not have a selection: it has no subfields.'],
    [
      "fields in conflict",
      "{ me { a: id a: roles } }",
      expect.stringMatching(/^Fields "a" conflict because "id" and "roles" are different fields\./),
    ],
  ])("a message tells no type and no name that the document does not hold: %s", async (_of, query, message) => {
    const { errors, text } = await production.post({ query });
    expect(errors[0]).toMatchObject({ message, extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });
    expect(text).not.toMatch(/LoginInput|String|Boolean|"if"|password"/);
  });

  test("there is no landing page", async () => {
    expect((await fetch(production.url, { headers: { accept: "text/html" } })).status).toBe(404);
    const response = await fetch(`${production.url}/graphql`, { headers: { accept: "text/html" } });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.text()).not.toMatch(/<html|sandbox/i);
  });

  test.each([
    "{ mee { id } }",
    "{ me { idd } }",
    "{ me(i: 1) { id } }",
    "mutation { loginn { id } }",
    'mutation { login(input: { emaill: "a" }) { tokenType } }',
    'mutation { login(imput: { email: "a" }) { tokenType } }',
    "{ ...A } fragment A on Usr { id }",
    "query ($a: RegisterInputt) { me { id } }",
    "{ me @includ(if: true) { id } }",
  ])("nothing is suggested: %s", async (query) => {
    const reply = await production.post({ query });
    expect(codesOf(reply)).toContain("GRAPHQL_VALIDATION_FAILED");
    expect(reply.text).not.toMatch(/did you mean/i);
  });

  test("nothing is suggested for variables", async () => {
    const query = "mutation ($input: LoginInput!) { login(input: $input) { tokenType } }";
    const reply = await production.post({ query, variables: { input: { emaill: "a", password: "b" } } });
    expect(reply.status).toBe(400);
    expect(reply.text).not.toMatch(/did you mean|emaill/i);
  });

  test("introspection can be switched on", async () => {
    const env = {
      NODE_ENV: "production",
      DATABASE_URL: database.url,
      SECRET: "Vq3zL8wYc1RmXt6KpD0hUe9sBn4JgFa7",
      PUBLIC_URL: "https://auth.example.com",
      INTROSPECTION: "true",
    };
    const open = await startTestGateway({ database, env });
    expect((await open.post({ query: "{ __schema { queryType { name } } }" })).data).toEqual({
      __schema: { queryType: { name: "Query" } },
    });
    expect((await preflight(open, SANDBOX)).headers.get("access-control-allow-origin")).toBeNull();
    await open.close();
  });
});
