import { readdirSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { sections } from "../../src/config/file/sections.ts";
import { blocksOf, readDocument } from "../support/documents.ts";
import { problemsOf } from "./parse-file.ts";

const published = JSON.parse(readDocument("schema/gateway.schema.json"));
const validate = new Ajv2020({ allErrors: true, strictTypes: false }).compile(published);

/** What an editor would underline. */
function flawsOf(text: string): string[] {
  validate(parseYaml(text));
  return (validate.errors ?? []).map(({ instancePath, message = "" }) => `${instancePath} ${message}`);
}

/** Every block of the documentation whose first key is a section. */
const pages = readdirSync(new URL("../../docs/", import.meta.url), { encoding: "utf8", recursive: true }).filter((name) =>
  name.endsWith(".md"),
);
const shown = pages
  .flatMap((name) => blocksOf(`docs/${name}`))
  .filter(({ language, text }) => language === "yaml" && Object.hasOwn(sections, /^(\w+):/m.exec(text)?.[1] ?? ""));

describe("the JSON Schema of gateway.yaml takes", () => {
  test("every example of the documentation, of which there are some", () => {
    expect(shown.length).toBeGreaterThan(6);
    expect(shown.flatMap(({ document, line, text }) => flawsOf(text).map((flaw) => `${document}:${line} ${flaw}`))).toEqual([]);
  });

  test.each(Object.entries(sections))("the example that stands beside each problem of %s, as the server does", (_name, { example }) => {
    expect(flawsOf(example)).toEqual([]);
    expect(problemsOf(example).filter((problem) => !problem.startsWith("CRM_WEBHOOK_SECRET"))).toEqual([]);
  });

  test.each([
    "roles:\nlimits:\nupstreams:\n",
    "roles: { guest: { scopes: } }",
    "upstreams: [{ name: a, url: 'HTTP://a/graphql', sdl: { introspection: true }, identity: off }]",
    "upstreams: []\nsupergraph: { file: ./s.graphql }",
    "issuers: [{ issuer: https://a.test, jwks: https://a.test/keys?x=1, clients: [web], claims: { roles: [a.b] }, roles: { b: [user] } }]",
    "mail: { links: { resetPassword: 'https://a.test/{x}?{token}' }, notices: {} }",
  ])("what the server takes: %j", (text) => {
    expect(problemsOf(text)).toEqual([]);
    expect(flawsOf(text)).toEqual([]);
  });
});

const upstream = "name: a, url: http://a/graphql, sdl: { query: _sdl }";
const issuer = "issuer: https://a.test, discovery: true, audience: api";

describe("the JSON Schema of gateway.yaml refuses, as the server does,", () => {
  test.each([
    ["an unknown section", "role: {}"],
    ["an unknown key", "hooks: { module: ./a.js, claims: true }"],
    ["a list for a mapping", "roles: [a]"],
    ["a mapping for a list", "upstreams: {}"],
    ["the name of a role", "roles: { Admin: {} }"],
    ["a scope with a space", "roles: { a: { scopes: ['a b'] } }"],
    ["a limit of nothing that there is", "limits: { login: off }"],
    ["a limit that is a number", "limits: { default: 100 }"],
    ["a limit of no calls", "limits: { default: { max: 0, window: 1m } }"],
    ["a limit without its window", "limits: { default: { max: 1 } }"],
    ["a window that is no duration", "limits: { default: { max: 1, window: 60 } }"],
    ["an upstream without sdl", "upstreams: [{ name: a, url: http://a/graphql }]"],
    ["two sources of sdl", `upstreams: [{ ${upstream.replace("query: _sdl", "query: _sdl, introspection: true")} }]`],
    ["an address with a password", `upstreams: [{ ${upstream.replace("//a", "//u:p@a")} }]`],
    ["a header that is none", `upstreams: [{ ${upstream}, headers: ["no header"] }]`],
    ["too many retries", `upstreams: [{ ${upstream}, retries: 6 }]`],
    ["a size without its unit", `upstreams: [{ ${upstream}, bodyLimit: 5 }]`],
    ["a protocol that is not spoken", `upstreams: [{ ${upstream}, subscriptions: { protocol: ws } }]`],
    ["a supergraph beside upstreams", `{ supergraph: { file: a }, upstreams: [{ ${upstream} }] }`],
    ["a supergraph without a file", "supergraph: {}"],
    ["a rule for no coordinate", "access: { rules: { Query: public } }"],
    ["a rule that asks for nothing", "access: { rules: { Query.a: {} } }"],
    ["a rule that lets everybody through", "access: { rules: { Query.a: { roles: [] } } }"],
    ["an issuer without a name", "issuers: [{ discovery: true, audience: api }]"],
    ["an issuer without keys", "issuers: [{ issuer: https://a.test, audience: api }]"],
    ["keys from two places", `issuers: [{ ${issuer}, jwks: https://a.test/keys }]`],
    ["an issuer without audience and clients", "issuers: [{ issuer: https://a.test, discovery: true }]"],
    ["a shared secret", `issuers: [{ ${issuer}, algorithms: [HS256] }]`],
    ["roles without their claim", `issuers: [{ ${issuer}, roles: { a: user } }]`],
    ["scopes without their claim", `issuers: [{ ${issuer}, claims: { roles: a }, scopes: [a] }]`],
    ["a claim with an empty name", `issuers: [{ ${issuer}, claims: { roles: a..b } }]`],
    ["a link without its token", "mail: { links: { verifyEmail: https://a.test } }"],
    ["a link with two tokens", 'mail: { links: { verifyEmail: "https://a.test/{token}{token}" } }'],
    ["a link with its token in the host", 'mail: { links: { verifyEmail: "https://{token}/" } }'],
    ["a page for forgotten passwords that wants a token", 'mail: { links: { forgottenPassword: "https://a.test/#{token}" } }'],
    ["a notice that is no flag", "mail: { notices: { new_device: 1 } }"],
    ["a module without a path", 'hooks: { module: "" }'],
    ["a webhook without a secret", "webhooks: [{ url: https://a.test, events: [session.ended] }]"],
    ["a secret in the file itself", "webhooks: [{ url: https://a.test, secret: whsec_a, events: [session.ended] }]"],
    ["a webhook that is told nothing", "webhooks: [{ url: https://a.test, secret: { env: A }, events: [] }]"],
    ["an event that does not happen", "webhooks: [{ url: https://a.test, secret: { env: A }, events: [user.born] }]"],
  ])("%s", (_title, text) => {
    expect(problemsOf(text)).not.toEqual([]);
    expect(flawsOf(text)).not.toEqual([]);
  });
});

/** What docs/reference/configuration.md says that only the start can tell. */
test.each([
  ["how long and how large", "hooks: { module: a.js, timeout: 1h }"],
  ["names that are there twice", `upstreams: [{ ${upstream} }, { ${upstream} }]`],
  ["headers that cannot be passed on", `upstreams: [{ ${upstream}, headers: [cookie] }]`],
  ["claims that only a module adds", `upstreams: [{ ${upstream}, identity: { claims: [plan] } }]`],
  ["roles that the file does not have", `issuers: [{ ${issuer}, claims: { roles: r }, roles: { a: nobody } }]`],
  ["whom mail is from", "mail: { from: Acme }"],
])("only the server knows of %s", (_title, text) => {
  expect(problemsOf(text)).not.toEqual([]);
  expect(flawsOf(text)).toEqual([]);
});
