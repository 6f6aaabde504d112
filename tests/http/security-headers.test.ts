import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let database: TestDatabase;
let development: TestGateway;
let production: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  const env = {
    NODE_ENV: "production",
    DATABASE_URL: database.url,
    SECRET: "Vq3zL8wYc1RmXt6KpD0hUe9sBn4JgFa7",
    PUBLIC_URL: "https://auth.example.com",
  };
  production = await startTestGateway({ database, env });
  development = await startTestGateway();
});
afterAll(async () => {
  await Promise.all([production.close(), development.close()]);
  await database.drop();
});

const json = { "content-type": "application/json" };
const post = (body: unknown, headers: Record<string, string> = json) => ({
  path: "/graphql",
  init: { method: "POST", headers, body: JSON.stringify(body) },
});

const register = () => ({
  query: "mutation ($input: RegisterInput!) { register(input: $input) { accessToken refreshToken } }",
  variables: { input: { email: newEmail(), password: PASSWORD } },
});

const answers: readonly (readonly [name: string, status: number, request: () => { path: string; init?: RequestInit }])[] = [
  ["tokens", 200, () => post(register())],
  ["data", 200, () => post({ query: "{ me { id } }" })],
  ["a query by GET", 200, () => ({ path: "/graphql?query={__typename}", init: { headers: { "apollo-require-preflight": "1" } } })],
  ["a refused document", 400, () => post({ query: "{ nothing }" })],
  ["a request without content type", 400, () => ({ path: "/graphql?query={__typename}" })],
  ["a content type that is not supported", 415, () => post({}, { "content-type": "application/xml" })],
  ["a body that is too large", 413, () => post("x".repeat(200_000))],
  ["an answer that nobody would take", 406, () => post({}, { ...json, accept: "text/xml" })],
  ["a path where nothing is", 404, () => ({ path: "/<script>" })],
  ["a path that cannot be decoded", 400, () => ({ path: "/%ff" })],
  ["another method", 405, () => ({ path: "/graphql", init: { method: "DELETE" } })],
];

function headersOf({ headers }: Response): Record<string, string | null> {
  const names = [
    "cache-control",
    "content-security-policy",
    "cross-origin-resource-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-powered-by",
    "server",
  ];
  return Object.fromEntries(names.map((name) => [name, headers.get(name)]));
}

const everywhere = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-powered-by": null,
  server: null,
};

describe("no answer is kept, sniffed, framed or rendered", () => {
  test.each(answers)("%s, in production over https only", async (_name, status, request) => {
    const { path, init } = request();
    const response = await fetch(production.url + path, init);
    expect(response.status).toBe(status);
    expect(headersOf(response)).toEqual({ ...everywhere, "strict-transport-security": "max-age=31536000; includeSubDomains" });
  });

  test.each(answers)("%s, in development without a promise of https", async (_name, status, request) => {
    const { path, init } = request();
    const response = await fetch(development.url + path, init);
    expect(response.status).toBe(status);
    expect(headersOf(response)).toEqual({ ...everywhere, "strict-transport-security": null });
  });
});

const http = (...lines: string[]) => `${lines.join("\r\n")}\r\n\r\n`;
const upgrade = (path: string, ...lines: string[]) =>
  http(`GET ${path} HTTP/1.1`, "Host: localhost", "Connection: Upgrade", "Upgrade: websocket", ...lines);
const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

/** Raw requests that the HTTP server, or that for WebSockets, answers before there is anything to route. */
const below: readonly (readonly [name: string, status: number, request: string])[] = [
  ["what is not HTTP", 400, "EHLO example.com\r\n\r\n"],
  ["a malformed header", 400, http("GET /graphql HTTP/1.1", "Host: localhost", "A header without a colon <script>")],
  ["headers that are too large", 431, http("GET /graphql HTTP/1.1", "Host: localhost", `X-Large: ${"x".repeat(20_000)}`)],
  ["two lengths of one body", 400, http("POST /graphql HTTP/1.1", "Host: localhost", "Content-Length: 1", "Content-Length: 2")],
  ["a request without Host", 400, http("POST /graphql HTTP/1.1", "Connection: close")],
  ["an expectation that is unknown", 417, http("POST /graphql HTTP/1.1", "Host: localhost", "Expect: <script>", "Content-Length: 0")],
  ["a WebSocket to nowhere", 404, upgrade("/elsewhere", key, "Sec-WebSocket-Version: 13")],
  ["a WebSocket of a stranger's page", 403, upgrade("/graphql", key, "Sec-WebSocket-Version: 13", "Origin: https://evil.test")],
  ["a WebSocket without a key", 400, upgrade("/graphql", "Sec-WebSocket-Version: 13")],
  ["a WebSocket of another version", 400, upgrade("/graphql", key, "Sec-WebSocket-Version: 99")],
];

/** Everything that comes until the server closes. */
async function exchangeRaw(url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(request);
  return text(socket);
}

describe("nor is what is refused below HTTP's own handling", () => {
  test.each(below)("%s", async (_name, status, request) => {
    const answer = await exchangeRaw(production.url, request);
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const headers = new Map(
      head
        .split("\r\n")
        .slice(1)
        .map((line) => line.split(/: (.*)/) as [string, string]),
    );
    const sent = new Map([...headers].map(([name, value]) => [name.toLowerCase(), value]));
    const { server: _server, "x-powered-by": _by, ...required } = everywhere;
    expect(Object.fromEntries(sent)).toMatchObject({ ...required, "strict-transport-security": "max-age=31536000; includeSubDomains" });
    expect(answer).not.toContain("<script>");
    if (body !== "") expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect((await fetch(`${production.url}/livez`)).status).toBe(200);
  });
});

test("the public keys may be kept", async () => {
  const response = await fetch(`${production.url}/.well-known/jwks.json`);
  expect(headersOf(response)).toMatchObject({
    "cache-control": expect.stringMatching(/^public, max-age=/),
    "x-content-type-options": "nosniff",
  });
});

describe("in development Apollo Sandbox works", () => {
  let html: string;
  let policy: Map<string, string[]>;
  beforeAll(async () => {
    const response = await fetch(`${development.url}/graphql`, { headers: { accept: "text/html" } });
    html = await response.text();
    const directives = (response.headers.get("content-security-policy") ?? "").split("; ").map((directive) => directive.split(" "));
    policy = new Map(directives.map(([name = "", ...sources]) => [name, sources]));
  });

  /** The hosts that the page's own policy allows for what it loads, as far as they stand in the page. */
  test("its page may load what it names", () => {
    const loaded = [...html.matchAll(/<(script|link)\b[^>]*?(?:src|href)="(https:\/\/[^/"]+)[^"]*"[^>]*>/g)].map(([tag, kind, host]) => {
      if (kind === "script") return ["script-src", host];
      if (tag.includes('rel="stylesheet"')) return ["style-src", host];
      if (tag.includes('rel="manifest"')) return ["manifest-src", host];
      return tag.includes("icon") ? ["img-src", host] : ["font-src", host];
    });
    expect(loaded.length).toBeGreaterThanOrEqual(5);
    for (const [directive = "", host = ""] of loaded) expect(policy.get(directive), directive).toContain(host);
  });

  test("its frame, its inline scripts and its requests are allowed; being framed is not", () => {
    expect(html).toContain("https://sandbox.embed.apollographql.com");
    expect(policy.get("frame-src")).toEqual(["https://sandbox.embed.apollographql.com"]);
    expect(policy.get("script-src")).toContain("'unsafe-inline'");
    expect(html).toMatch(/script-src 'self' 'nonce-[0-9a-f]{64}'/);
    expect(policy.get("connect-src")).toEqual(["'self'"]);
    expect(policy.get("default-src")).toEqual(["'none'"]);
    expect(policy.get("frame-ancestors")).toEqual(["'none'"]);
  });
});
