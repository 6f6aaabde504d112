import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { readConfigFile } from "../../src/config/file/config-file.ts";
import { parse, problemsOf } from "./parse-file.ts";

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
    "limits:\n  default: { max: 1000, window: 1m }\n  Mutation.login: { max: 3, window: 1d }\n  Query.me: off\n  " +
      "failedLoginsPerAccount: off\n  codeTriesPerAccount: { max: 9, window: 1h }\n  messagesPerAddress: off\n",
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
      "limits.login is neither default, all, failedLoginsPerAccount, signInsPerAccount, codeTriesPerAccount, " +
        "codeTriesPerDomain, messagesPerAddress nor a field such as Mutation.login.",
    ],
  ],
  ["a bare number", "{ default: 100 }", ["limits.default must be a mapping with the keys max and window, or off."]],
  ["an unknown key", "{ default: { max: 1, window: 1m, per: user } }", ["limits.default.per is not a known key. Known here: max, window."]],
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

test.each(["", "# nothing yet\n", "roles:\n", "---\n", "roles:\nlimits:\nupstreams:\naccess:\nissuers:\nhooks:\nmail:\nwebhooks:\n"])(
  "an empty file (%j) leaves the roles that always exist",
  (text) => {
    expect([...parse(text).roles.keys()]).toEqual(["user", "admin"]);
  },
);

test.each([
  ["a list", "- a", ["gateway.yaml must be a mapping."]],
  [
    "several unknown keys",
    "role: {}\nacess: {}\nother: {}",
    [
      "gateway.yaml: role is not a known key. Did you mean roles?",
      "gateway.yaml: acess is not a known key. Did you mean access?",
      "gateway.yaml: other is not a known key. Known here: roles, limits, upstreams, supergraph, access, issuers, hooks, webhooks, mail.",
    ],
  ],
  ["an unknown key of a role", "roles: { a: { scope: [x] } }", ["gateway.yaml: roles.a.scope is not a known key. Did you mean scopes?"]],
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

test("a role with nothing below scopes has none", () => {
  expect(parse("roles:\n  guest:\n    scopes:\n").roles.get("guest")).toEqual([]);
});

test("names too long for access tokens are refused", () => {
  const names = Array.from({ length: 70 }, (_, index) => `r${"a".repeat(60)}${index}: {}`);
  expect(problemsOf(`roles: { ${names.join(", ")} }`)).toEqual([
    expect.stringMatching(/^gateway\.yaml: roles is \d{4} bytes of names and scopes; .* at most 4096 are allowed\.$/),
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
