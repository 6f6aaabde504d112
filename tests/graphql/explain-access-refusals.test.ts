import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuthFieldsFragment } from "../generated/operations.ts";
import { ExplainAccessDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openShop, type Shop } from "../support/graphs/shop.ts";
import { startTestIssuer, type TestIssuer } from "../support/keys/other-issuer.ts";

let issuer: TestIssuer;
let shop: Shop;
/** With the graphs of others behind it; introspection is off, as in production. */
let gateway: TestGateway;
let admin: AuthFieldsFragment;

beforeAll(async () => {
  [issuer, shop] = await Promise.all([startTestIssuer(), openShop()]);
  const issuers = `issuers:${issuer.entry("discovery: true", "claims: { roles: roles, scopes: scope }", "roles: { boss: [admin, user] }")}`;
  gateway = await startTestGateway({ env: { INTROSPECTION: "false" }, gatewayYaml: `${shop.yaml()}${issuers}` });
  admin = await gateway.registerAdmin();
});
afterAll(() => Promise.all([gateway?.close(), shop?.close(), issuer?.close()]));

const ask = (operation: string) => gateway.send(ExplainAccessDocument, { operation }, { token: admin.accessToken });

/** The problems of a refused operation. */
async function problemsOf(operation: string): Promise<unknown> {
  const { data, errors } = await ask(operation);
  expect(data).toEqual({ explainAccess: null });
  expect(errors).toMatchObject([{ path: ["explainAccess"], extensions: { code: "BAD_USER_INPUT" } }]);
  const { operation: problems } = (errors[0]?.extensions.fields ?? {}) as { operation?: unknown };
  return problems;
}

describe("nobody but an admin is told", () => {
  const operation = "{ suppliers { account } }";
  const alongside = `{ products { id } explainAccess(operation: "${operation}") { coordinate sources { source } } }`;

  test.each([
    ["by itself", `{ explainAccess(operation: "${operation}") { coordinate sources { source } } }`],
    ["beside other graphs", alongside],
    [
      "by an alias in a fragment",
      `{ ...F products { id } } fragment F on Query { a: explainAccess(operation: "${operation}") { coordinate } }`,
    ],
  ])("what it takes, %s", async (_case, query) => {
    const user = await gateway.register();
    const ofOther = await issuer.sign({
      at: Math.floor(gateway.clock.now().getTime() / 1000),
      claims: { sub: admin.user.id, sid: admin.session.id, roles: ["boss", "admin"], scope: "users:read" },
    });
    const refusals = [
      [undefined, { code: "UNAUTHENTICATED", reason: "missing" }],
      [user.accessToken, { code: "FORBIDDEN", coordinate: "Query.explainAccess", missing: ["admin"] }],
      [ofOther, { code: "UNAUTHENTICATED", reason: "foreign_issuer" }],
    ] as const;
    for (const [token, extensions] of refusals) {
      const { text, errors } = await gateway.post({ query }, { token });
      expect(errors).toMatchObject([{ extensions }]);
      expect(text).not.toContain("Supplier");
    }
    expect((await gateway.post({ query }, { token: admin.accessToken })).text).toContain("Supplier.account");
  });
});

describe("an operation that could not be executed is not explained", () => {
  test.each([
    ["that is no GraphQL", "{ hunter2", ["The document is not valid GraphQL."]],
    ["that is empty", "", ["The document is not valid GraphQL."]],
    ["without an operation", "fragment F on Query { me { id } }", ['Fragment "F" is never used.']],
    ["with more tokens than allowed", `{ ${"me ".repeat(3000)} }`, ["The document has more than 2000 tokens."]],
    ["that is nested too deeply", `{ me ${"{ sessions { events ".repeat(11)} { id } ${"} }".repeat(11)} }`, [/nested deeper than 20/]],
    ["of brackets alone", "{a".repeat(900), ["The document is not valid GraphQL."]],
    [
      "with too many passwords",
      'mutation { a: logout { endedSessions } ...L } fragment L on Mutation { b: login(input: {email: "a", password: ' +
        '"b"}) { expiresIn } c: login(input: {email: "a", password: "hunter2"}) { expiresIn } }',
      [/more than one of login/],
    ],
    ["with a literal that does not fit", '{ products(first: "hunter2") { id } }', ["A literal does not fit its type."]],
    ["with introspection, which is off", "{ __schema { types { name } } }", [/^GraphQL introspection has been disabled/]],
    ["that defines types", "type Query { a: Int } query { me { id } }", [/not executable/]],
  ])("one %s", async (_case, operation, problems) => {
    const told = (await problemsOf(operation)) as string[];
    expect(told.slice(0, problems.length)).toEqual(
      problems.map((problem) => (typeof problem === "string" ? problem : expect.stringMatching(problem))),
    );
    expect(told.join()).not.toContain("hunter2");
    expect(gateway.logs.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  test("without a word of the schema that introspection would not tell, either", async () => {
    expect(await problemsOf("{ supplier { account } me { emai } }")).toEqual([
      'Cannot query field "supplier" on type "Query".',
      'Cannot query field "emai" on type "User".',
    ]);
  });

  test("with more problems than anybody reads", async () => {
    const operation = `{ ${Array.from({ length: 200 }, (_, index) => `f${index}`).join(" ")} }`;
    expect(await problemsOf(operation)).toHaveLength(10);
  });

  test("nor one of 10 MB, which is not even read", async () => {
    const { status, errors } = await ask("#".repeat(10_000_000));
    expect([status, errors]).toMatchObject([413, [{ extensions: { code: expect.any(String) } }]]);
    expect(dataOf(await ask("{ me { id } }")).explainAccess).toHaveLength(2);
  });

  test("and of one that is asked for again and again, each time counts", async () => {
    const limited = await startTestGateway({ limits: "{ Query.explainAccess: { max: 3, window: 1m } }" });
    try {
      const { accessToken } = await limited.registerAdmin();
      const aliases = Array.from({ length: 5 }, (_, index) => `a${index}: explainAccess(operation: "{ me { id } }") { coordinate }`);
      const { errors } = await limited.post({ query: `{ ${aliases.join(" ")} }` }, { token: accessToken });
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(["RATE_LIMITED", "RATE_LIMITED"]);
    } finally {
      await limited.close();
    }
  });
});
