import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { parse, problemsOf } from "./parse-file.ts";

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
  [
    "an unknown key where off would do as well",
    `upstreams: [{ ${upstream}, identity: { claim: [email] } }]`,
    ["upstreams[0].identity.claim is not a known key. Did you mean claims?"],
  ],
  [
    "a value within one of several forms",
    'upstreams: [{ name: a, url: "http://a/graphql", sdl: { file: 7 } }]',
    ["upstreams[0].sdl.file must be the path of a file."],
  ],
  [
    "problems of one section beside what two sections must be to each other",
    `{ limits: [], upstreams: [{ ${upstream}, identity: { claims: [plan] } }] }`,
    ["limits must be a mapping from fields.", "upstreams[0].identity has claims other than email"],
  ],
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
    'access: { default: closed, denied: hide, rules: { Query.a: { roles: [] }, Query.b: { scopes: [["x"], []] }, ' +
      "nothing: public, Query.c: { scope: x } } }",
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
