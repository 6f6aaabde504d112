import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";
import { readDocument } from "../support/documents.ts";

const production = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://db.internal/auth",
  SECRET: "kYq3Wn8xTz5Rb7Vc2Mf9Lp4Hs6Jd1Ga0",
  PUBLIC_URL: "https://auth.example.com",
};

const parse = (issuers: string, env = {}, roles = "") => parseConfig(env, { path: "gateway.yaml", text: `${roles}\nissuers: ${issuers}` });

function problemsOf(issuers: string, env = {}): string[] {
  try {
    parse(issuers, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable, problem }) => `${variable} ${problem}`);
    throw error;
  }
}

test("the least that an issuer needs: its name, where its keys are, and the audience", () => {
  const { issuers } = parse("[{ issuer: https://login.example.com, discovery: true, audience: api }]");
  expect(issuers).toEqual([
    {
      issuer: "https://login.example.com",
      jwksUrl: undefined,
      audience: "api",
      clients: new Set(),
      algorithms: ["RS256"],
      claims: { roles: undefined, scopes: undefined },
      roles: undefined,
      scopes: undefined,
    },
  ]);
});

test("everything that can be said of one", () => {
  const { issuers } = parse(
    `
  - issuer: https://login.example.com/realms/staff
    jwks: https://login.example.com/keys?policy=b2c
    audience: https://api.example.com
    clients: [web, mobile app]
    algorithms: [RS256, ES256]
    claims: { roles: realm_access.roles, scopes: ["https://api.example.com/scopes"] }
    roles: { boss: admin, staff: [support, user], "their name": user }
    scopes: ["products:read"]
`,
    production,
    "roles: { support: {} }",
  );
  expect(issuers).toEqual([
    {
      issuer: "https://login.example.com/realms/staff",
      jwksUrl: "https://login.example.com/keys?policy=b2c",
      audience: "https://api.example.com",
      clients: new Set(["web", "mobile app"]),
      algorithms: ["RS256", "ES256"],
      claims: { roles: ["realm_access", "roles"], scopes: ["https://api.example.com/scopes"] },
      roles: new Map([
        ["boss", ["admin"]],
        ["staff", ["support", "user"]],
        ["their name", ["user"]],
      ]),
      scopes: new Set(["products:read"]),
    },
  ]);
});

test("the example of the documentation is a configuration", () => {
  const [, text = ""] = /```yaml\n(# yaml-language-server[\s\S]*?)```/.exec(readDocument("docs/reference/configuration.md")) ?? [];
  expect(parseConfig(production, { path: "gateway.yaml", text }).issuers.map(({ issuer }) => issuer)).toEqual([
    "https://login.example.com/realms/staff",
  ]);
});

test.each(["", "[]", "null"])("no issuers (%j) are none", (text) => {
  expect(parse(text).issuers).toEqual([]);
});

const least = "issuer: https://login.example.com, discovery: true, audience: api";

describe("a problem is told with its place:", () => {
  test.each<[string, string, string[]]>([
    ["a mapping", "{}", [" must be a list of issuers."]],
    ["an issuer that is a text", "[https://x.example]", ["[0] must be a mapping with the keys issuer, discovery or jwks, and audience."]],
    [
      "nothing at all",
      "[{}]",
      [
        "[0].issuer must be an http:// or https:// URL without query, fragment or credentials.",
        "[0] must have either discovery: true or jwks, the URL of its keys.",
        "[0].audience must be 1 to 255 printable ASCII characters without spaces: what its access tokens for you have as aud.",
      ],
    ],
    [
      "clients that are none",
      `[{ ${least}, clients: [] }]`,
      ["[0].clients must be a list of client ids: what its access tokens without aud have as client_id or azp."],
    ],
    [
      "an unknown key",
      `[{ ${least}, secret: hunter2 }]`,
      ["[0].secret is not a known key. Known here: issuer, discovery, jwks, audience, clients, algorithms, claims, roles, scopes."],
    ],
    [
      "keys from two places",
      `[{ ${least}, jwks: https://login.example.com/keys }]`,
      ["[0] must have either discovery: true or jwks, the URL of its keys."],
    ],
    [
      "discovery that is false",
      "[{ issuer: https://x.example, audience: api, discovery: false, jwks: https://x.example/keys }]",
      [
        "[0].discovery must be true, or be left out where jwks is given.",
        "[0] must have either discovery: true or jwks, the URL of its keys.",
      ],
    ],
    [
      "an issuer with credentials",
      `[{ ${least.replace("//", "//a:b@")} }]`,
      ["[0].issuer must be an http:// or https:// URL without query, fragment or credentials."],
    ],
    [
      "keys in a file",
      "[{ issuer: https://x.example, audience: api, jwks: file:///etc/keys }]",
      ["[0].jwks must be an http:// or https:// URL without fragment or credentials."],
    ],
    [
      "a list of audiences",
      `[{ ${least.replace("api", "[a, b]")} }]`,
      ["[0].audience must be 1 to 255 printable ASCII characters without spaces: what its access tokens for you have as aud."],
    ],
    ["claims that are a text", `[{ ${least}, claims: roles }]`, ["[0].claims must be a mapping with the keys roles and scopes."]],
    ["an unknown claim", `[{ ${least}, claims: { email: mail } }]`, ["[0].claims.email is not a known key. Known here: roles, scopes."]],
    [
      "a path with an empty name",
      `[{ ${least}, claims: { roles: a..b } }]`,
      [
        "[0].claims.roles must be the name of a claim, with dots for names within it (realm_access.roles), or a list of " +
          "names where one has a dot itself.",
      ],
    ],
    [
      "a client id that is none, with its place",
      `[{ ${least}, clients: [web, ""] }]`,
      ["[0].clients[1] must be a list of client ids: what its access tokens without aud have as client_id or azp."],
    ],
    [
      "roles that nobody has",
      `[{ ${least}, claims: { roles: r }, roles: { a: nobody, b: [user, nobody], c: 7 } }]`,
      ["a", "b", "c"].map(
        (role) => `[0].roles.${role} must be one of your roles, or a list of them: user, admin, or one of the section roles.`,
      ),
    ],
    ["roles as a list", `[{ ${least}, claims: { roles: r }, roles: [user] }]`, ["[0].roles must be a mapping from their roles to yours."]],
    ["roles without a claim", `[{ ${least}, roles: { a: user } }]`, ["[0].roles does nothing without claims.roles."]],
    ["scopes without a claim", `[{ ${least}, scopes: [a] }]`, ["[0].scopes does nothing without claims.scopes."]],
    [
      "a scope with a space",
      `[{ ${least}, claims: { scopes: s }, scopes: ["a b"] }]`,
      ["[0].scopes[0] is not a scope: printable ASCII without spaces, quotation marks and backslashes (RFC 6749)."],
    ],
    ["the same issuer twice", `[{ ${least} }, { ${least} }]`, ["[1].issuer is in the list already."]],
    ["ourselves", "[{ issuer: http://localhost:4000, discovery: true, audience: api }]", ["[0].issuer is this server's own ISSUER."]],
  ])("%s", (_what, issuers, problems) => {
    expect(problemsOf(issuers)).toEqual(problems.map((problem) => `gateway.yaml: issuers${problem}`));
  });

  test.each(["HS256", "HS384", "HS512", "none", "RSA1_5", "dir", "rs256", ""])("the algorithm %j", (algorithm) => {
    for (const list of [[algorithm], ["RS256", algorithm]]) {
      expect(problemsOf(`[{ ${least}, algorithms: ${JSON.stringify(list)} }]`)).toEqual([
        expect.stringContaining(`issuers[0].algorithms[${list.length - 1}] must be one of RS256, RS384,`),
      ]);
    }
  });

  test.each(["[]", "RS256", "{}"])("no list of algorithms: %s", (list) => {
    expect(problemsOf(`[{ ${least}, algorithms: ${list} }]`)).toHaveLength(1);
  });
});

describe("in production an address is https://, unless it is localhost:", () => {
  test.each<[string, string[]]>([
    ["issuer: http://login.example.com, discovery: true", ["issuer"]],
    ["issuer: https://login.example.com, jwks: http://login.example.com/keys", ["jwks"]],
    ["issuer: http://127.0.0.1.example.com, jwks: http://localhost.example.com/keys", ["issuer", "jwks"]],
    ["issuer: http://localhost:8080, jwks: http://127.0.0.1:8080/keys", []],
    ["issuer: https://login.example.com, discovery: true", []],
  ])("%s", (issuer, keys) => {
    const problems = keys.map((key) => `gateway.yaml: issuers[0].${key} must be https:// in production, unless it is localhost.`);
    expect(problemsOf(`[{ audience: api, ${issuer} }]`, production)).toEqual(problems);
    expect(problemsOf(`[{ audience: api, ${issuer} }]`)).toEqual([]);
  });

  test("and ISSUER, or else PUBLIC_URL, is nobody else's name", () => {
    const own = "[{ issuer: https://auth.example.com, discovery: true, audience: api }]";
    expect(problemsOf(own, production)).toEqual(["gateway.yaml: issuers[0].issuer is this server's own ISSUER."]);
    expect(problemsOf(own, { ...production, ISSUER: "https://other.example.com" })).toEqual([]);
  });
});

test("problems of all sections and variables come at once, and quote nothing", () => {
  const attempt = () => parse("[{ secret: hunter2, issuer: hunter2 }]", { PORT: "x" }, "roles: []");
  expect(attempt).toThrow(
    /PORT[\s\S]*gateway\.yaml: roles[\s\S]*issuers\[0\]\.issuer[\s\S]*issuers\[0\]\.secret[\s\S]*issuers\[0\]\.audience/,
  );
  expect(attempt).not.toThrow("hunter2");
});
