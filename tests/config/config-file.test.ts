import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { readConfigFile } from "../../src/config/file/config-file.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";

const parse = (text: string) => parseConfig({}, { path: "gateway.yaml", text });

function problemsOf(text: string) {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable, problem }) => `${variable} ${problem}`);
    throw error;
  }
}

test("roles have the scopes that the file gives them", () => {
  const { roles } = parse("roles:\n  support: { scopes: ['users:read', 'users:read', 'a/b.c'] }\n  admin: { scopes: [x] }\n  guest: {}\n");
  expect([...roles]).toEqual([
    ["user", []],
    ["admin", ["x"]],
    ["support", ["users:read", "a/b.c"]],
    ["guest", []],
  ]);
});

test("limits are told by field, with four names that are no fields", () => {
  const { limits } = parse(
    "limits:\n  default: { max: 1000, window: 1m }\n  Mutation.login: { max: 3, window: 1d }\n  Query.me: off\n  failedLoginsPerAccount: off\n  codeTriesPerAccount: { max: 9, window: 1h }\n  messagesPerAddress: off\n",
  );
  expect(Object.fromEntries(limits)).toEqual({
    default: { max: 1000, windowSeconds: 60 },
    "Mutation.login": { max: 3, windowSeconds: 86_400 },
    "Query.me": "off",
    failedLoginsPerAccount: "off",
    codeTriesPerAccount: { max: 9, windowSeconds: 3600 },
    messagesPerAddress: "off",
  });
  expect(parse("limits:\n").limits.size).toBe(0);
});

test.each([
  ["limits as a list", "[]", ["limits must be a mapping from fields."]],
  [
    "a name that is no field",
    "{ login: off }",
    [
      "limits.login is neither default, all, failedLoginsPerAccount, signInsPerAccount, codeTriesPerAccount, codeTriesPerDomain, messagesPerAddress nor a field such as Mutation.login.",
    ],
  ],
  ["a bare number", "{ default: 100 }", ["limits.default must be a mapping with the keys max and window, or off."]],
  ["an unknown key", "{ default: { max: 1, window: 1m, per: user } }", ["limits.default.per is not a known key."]],
  [
    "a maximum of nothing",
    "{ default: { max: 0, window: 1m } }",
    ["limits.default.max must be a whole number from 1 to 1000000; for no limit, write off instead."],
  ],
  [
    "no maximum, and a window that is no duration",
    "{ Query.me: { window: 60 } }",
    [
      "limits.Query.me.max must be a whole number from 1 to 1000000; for no limit, write off instead.",
      "limits.Query.me.window must be a duration from 1s to 1d, such as 15m.",
    ],
  ],
  [
    "a window beyond a day",
    "{ default: { max: 1, window: 2d } }",
    ["limits.default.window must be a duration from 1s to 1d, such as 15m."],
  ],
])("%s is refused", (_title, limits, problems) => {
  expect(problemsOf(`limits: ${limits}`)).toEqual(problems.map((problem) => `gateway.yaml: ${problem}`));
});

test("names that objects inherit are roles like any other", () => {
  const { roles } = parse("roles: { constructor: { scopes: [a] } }");
  expect(roles.get("constructor")).toEqual(["a"]);
  expect(roles.has("hasownproperty")).toBe(false);
});

test("an anchor may be used again", () => {
  const { roles } = parse("roles:\n  a: { scopes: &readers ['users:read'] }\n  b: { scopes: *readers }\n");
  expect(roles.get("b")).toEqual(["users:read"]);
});

test.each(["", "# nothing yet\n", "roles:\n", "---\n"])("an empty file (%j) leaves the roles that always exist", (text) => {
  expect([...parse(text).roles.keys()]).toEqual(["user", "admin"]);
});

test.each([
  ["a list", "- a", ["gateway.yaml must be a mapping."]],
  ["several unknown keys", "role: {}\nacess: {}", ["gateway.yaml: role is not a known key.", "gateway.yaml: acess is not a known key."]],
  ["an unknown key of a role", "roles: { a: { scope: [x] } }", ["gateway.yaml: roles.a.scope is not a known key."]],
  ["roles as a list", "roles: [a]", ["gateway.yaml: roles must be a mapping from role names."]],
  ["a role without body", "roles: { a: }", ["gateway.yaml: roles.a must be a mapping with the key scopes."]],
  ["scopes as text", "roles: { a: { scopes: x } }", ["gateway.yaml: roles.a.scopes must be a list."]],
  ["a duplicate key", "roles:\n  a: {}\n  a: {}\n", ["gateway.yaml: line 3 has a key that this mapping has already."]],
  ["broken syntax", "roles:\n  a: {}\n  b: }{", [expect.stringMatching(/^gateway\.yaml: line 3 is not valid YAML/)]],
  [
    "a bracket that is never closed",
    "roles:\n  a: {scopes: [b]\n\n",
    [expect.stringMatching(/^gateway\.yaml: line 2 is not valid YAML: it lacks a character: a closing }/)],
  ],
  ["a tab", "roles:\n\ta: {}", [expect.stringContaining("line 2 is not valid YAML: it is indented with a tab")]],
  ["an unknown tag", "roles: !!js/function x", [expect.stringMatching(/^gateway\.yaml: line 1 is not valid YAML/)]],
  ["two documents", "roles: {}\n---\nroles: {}", [expect.stringMatching(/^gateway\.yaml: line 2 is not valid YAML/)]],
])("%s is refused", (_title, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

test.each(["__proto__", "Admin", "1st", "a b", "a".repeat(65), "-a", "'a\\nb'", "<<"])("the role name %j is refused", (name) => {
  const problems = problemsOf(`roles:\n  ${name}: { scopes: [x] }\n`);
  expect(problems).toEqual([expect.stringMatching(/^gateway\.yaml: roles\..* is not a role name: /)]);
  expect({}).not.toHaveProperty("scopes");
});

test.each(["two words", 'a"b', "a\\b", "", "ü", "tab\t"])("the scope %j is refused", (scope) => {
  expect(problemsOf(`roles: { a: { scopes: [ok, ${JSON.stringify(scope)}] } }`)).toEqual([
    expect.stringMatching(/^gateway\.yaml: roles\.a\.scopes\[1\] is not a scope/),
  ]);
});

test("scopes are text, not numbers or nothing", () => {
  expect(problemsOf("roles: { a: { scopes: [1, null, {}] } }")).toHaveLength(3);
});

test("a bomb of aliases or of nesting is refused", () => {
  const levels = Array.from({ length: 9 }, (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(",")}]`);
  expect(problemsOf(["l0: &l0 [x]", ...levels].join("\n"))).toEqual(["gateway.yaml nests or repeats itself beyond reason."]);
  expect(problemsOf(`roles: ${"[".repeat(100_000)}`)).not.toEqual([]);
});

test("a problem never quotes the file, which may hold secrets", () => {
  expect(problemsOf("upstreams: [hunter2\nroles: { a: { scopes: ['hunter2 x'] } }").join()).not.toContain("hunter2");
});

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "config-file-"));
  await mkdir(join(folder, "with"));
  await writeFile(join(folder, "with", "gateway.yaml"), "roles: { here: {} }");
  await writeFile(join(folder, "other.yaml"), "roles: { there: {} }");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("gateway.yaml is read where there is one", () => {
  expect(readConfigFile({}, join(folder, "with"))).toEqual({ path: join(folder, "with", "gateway.yaml"), text: "roles: { here: {} }" });
  expect(readConfigFile({ GATEWAY_CONFIG: "" }, folder)).toBeUndefined();
});

test("GATEWAY_CONFIG names another file, which must exist", () => {
  expect(readConfigFile({ GATEWAY_CONFIG: "../other.yaml" }, join(folder, "with"))).toMatchObject({ text: "roles: { there: {} }" });
  for (const [name, code] of [
    ["missing.yaml", "ENOENT"],
    ["with", "EISDIR"],
  ] as const) {
    const env = { GATEWAY_CONFIG: name, PORT: "x" };
    const attempt = () => parseConfig(env, readConfigFile(env, folder));
    expect(attempt).toThrow(`${join(folder, name)} cannot be read (${code})`);
    expect(attempt).toThrow("PORT");
  }
});

const upstream = 'name: products, url: "http://products/graphql", sdl: { query: _sdl }';

test("upstreams are told with all that is not written", () => {
  const { upstreams } = parse(`upstreams:\n  - { ${upstream} }\n`);
  expect(upstreams).toEqual([
    {
      name: "products",
      url: "http://products/graphql",
      sdl: { query: "_sdl" },
      headers: [],
      identity: { audience: "products", claims: [] },
      timeoutMilliseconds: 5000,
      retries: 1,
      maximumAnswerBytes: 5 * 1024 * 1024,
      subscriptions: { protocol: "graphql-ws", url: "ws://products/graphql" },
    },
  ]);
});

test("upstreams are told as they are written, with paths from where the file lies", () => {
  const text = `upstreams:
  - name: a
    url: https://a/graphql
    sdl: { file: ./a.graphql }
    headers: [X-Request-Id, Authorization]
    identity: { audience: https://a, claims: [email] }
    timeout: 1m
    retries: 0
    bodyLimit: 512kB
    subscriptions: { protocol: sse }
  - { name: b, url: "https://b/graphql", sdl: { introspection: true }, identity: off, subscriptions: { url: "wss://b/live" } }
`;
  const { upstreams } = parseConfig({}, { path: "/etc/gateway/gateway.yaml", text });
  expect(upstreams).toMatchObject([
    {
      sdl: { file: "/etc/gateway/a.graphql" },
      headers: ["x-request-id", "authorization"],
      identity: { audience: "https://a", claims: ["email"] },
      timeoutMilliseconds: 60_000,
      retries: 0,
      maximumAnswerBytes: 512 * 1024,
      subscriptions: { protocol: "sse", url: "https://a/graphql" },
    },
    { identity: undefined, subscriptions: { protocol: "graphql-ws", url: "wss://b/live" } },
  ]);
});

test.each([
  ["a mapping", "upstreams: {}", ["upstreams must be a list."]],
  [
    "nothing that is needed",
    "upstreams: [{}]",
    [
      "upstreams[0].name must be a name.",
      "upstreams[0].url must be an http or https URL.",
      "upstreams[0].sdl must be one of { file: PATH }, { query: _sdl }, { query: _service } and { introspection: true }.",
    ],
  ],
  ["an unknown key", `upstreams: [{ ${upstream}, retry: 1 }]`, ["upstreams[0].retry is not a known key."]],
  ["a name twice", `upstreams: [{ ${upstream} }, { ${upstream} }]`, ["upstreams has a name twice."]],
  [
    "the name of the graph in this process",
    `upstreams: [{ ${upstream.replace("products", "auth")} }]`,
    ["upstreams has an upstream named auth, which is the name of the graph in this process."],
  ],
  [
    "an address with a password",
    'upstreams: [{ name: a, url: "http://u:p@a/graphql", sdl: { query: _sdl } }]',
    ["upstreams[0].url must be an http or https URL without user, query and fragment."],
  ],
  [
    "headers that are not the client's to set",
    `upstreams: [{ ${upstream}, headers: [Gateway-Identity, Cookie, gateway_identity, "no header"] }]`,
    [
      ...[0, 1, 2].map((index) => `upstreams[0].headers[${index}] is a header that belongs to the gateway itself and cannot be passed on.`),
      "upstreams[0].headers[3] must be the name of a header.",
    ],
  ],
  [
    "times, sizes and counts beyond reason",
    `upstreams: [{ ${upstream}, timeout: 10m, bodyLimit: 1GB, retries: 99 }]`,
    [
      "upstreams[0].timeout must be a duration from 1s to 5m, such as 5s.",
      "upstreams[0].retries must be a whole number from 0 to 5.",
      "upstreams[0].bodyLimit must be a size from 1kB to 256MB, such as 5MB.",
    ],
  ],
  ["claims that nobody can be told", `upstreams: [{ ${upstream}, identity: { claims: [password] } }]`, ["upstreams[0].identity"]],
  [
    "claims of subgraphs that nobody can be told",
    "supergraph: { file: ./s.graphql, subgraphs: { products: { identity: { claims: [password] } } } }",
    ["supergraph.subgraphs.products.identity"],
  ],
  [
    "a supergraph beside upstreams",
    `{ upstreams: [{ ${upstream} }], supergraph: { file: a } }`,
    ["supergraph stands beside upstreams: a supergraph's subgraphs are all of its graphs, so choose one of the two."],
  ],
  ["a supergraph without a file", "supergraph: { subgraphs: { a: { url: ftp } } }", ["supergraph.file", "supergraph.subgraphs.a.url"]],
  [
    "rules that are none",
    'access: { default: closed, denied: hide, rules: { Query.a: { roles: [] }, Query.b: { scopes: [["x"], []] }, nothing: public, Query.c: { scope: x } } }',
    [
      "access.default must be public or authenticated.",
      "access.rules.Query.a",
      "access.rules.Query.b",
      "access.rules.nothing is neither a field (Type.field) nor all fields of a type (Type.*).",
      "access.rules.Query.c.scope is not a known key.",
      "access.rules.Query.c must be",
      "access.denied must be cut or reject.",
    ],
  ],
])("%s in the sections of a gateway: %s", (_title, text, expected) => {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(expected.length);
  for (const problem of expected) expect(problems).toContainEqual(expect.stringContaining(`gateway.yaml: ${problem}`));
});

test("access rules become requirements", () => {
  const { access } = parse(
    'access: { rules: { Query.a: { roles: [x, y], scopes: [["s", "t"], ["u"]] }, "A.*": authenticated, B.c: public } }',
  );
  expect(access).toEqual({
    default: "public",
    denied: "cut",
    dryRun: false,
    rules: new Map<string, unknown>([
      ["Query.a", { authenticated: false, roles: [["x"], ["y"]], scopes: [["s", "t"], ["u"]] }],
      ["A.*", { authenticated: true }],
      ["B.c", "public"],
    ]),
  });
});
