import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createVerifier, type IdentityProblem } from "../../packages/verify/src/verifier.ts";
import type { AuthFieldsFragment } from "../generated/operations.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import { watchOn } from "../support/clients/watch.ts";
import { createTestDatabase } from "../support/database.ts";
import { ISSUER, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { createTokenReader, serveEchoGraph } from "../support/graphs/echo-graph.ts";
import { type LiveGraph, serveLiveGraph } from "../support/graphs/live-graph.ts";
import type { ServedGraph } from "../support/graphs/served-graph.ts";

let graphs: Record<"plain" | "named" | "silent" | "strict", ServedGraph>;
let live: Record<"socket" | "stream", LiveGraph>;
let gateway: TestGateway;
let ada: AuthFieldsFragment;
let read: ReturnType<typeof createTokenReader>;

const NAMED = "https://named.example";

function yaml(): string {
  const entries = [
    `{ name: plain, url: "${graphs.plain.url}", sdl: { query: _sdl } }`,
    `{ name: named, url: "${graphs.named.url}", sdl: { query: _sdl }, identity: { audience: "${NAMED}", claims: [email] ` +
      "}, headers: [Authorization, X-Tenant, x-request-id] }",
    `{ name: strict, url: "${graphs.strict.url}", sdl: { query: _sdl }, identity: { anonymous: true } }`,
    `{ name: silent, url: "${graphs.silent.url}", sdl: { query: _sdl }, identity: off }`,
    `{ name: socket, url: "${live.socket.url}", sdl: { query: _sdl }, headers: [x-tenant] }`,
    `{ name: stream, url: "${live.stream.url}", sdl: { query: _sdl }, headers: [x-tenant], subscriptions: { protocol: sse } }`,
  ];
  return `upstreams:\n${entries.map((entry) => `  - ${entry}\n`).join("")}`;
}

beforeAll(async () => {
  graphs = {
    plain: await serveEchoGraph("plain", "mercurius"),
    named: await serveEchoGraph("named", "yoga"),
    strict: await serveEchoGraph("strict", "yoga"),
    silent: await serveEchoGraph("silent", "apollo"),
  };
  live = { socket: await serveLiveGraph("socket", "apollo"), stream: await serveLiveGraph("stream", "yoga") };
  gateway = await startTestGateway({ gatewayYaml: yaml() });
  ada = await gateway.register();
  read = createTokenReader(gateway.url, gateway.clock.now);
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([...Object.values(graphs ?? {}), ...Object.values(live ?? {})].map((graph) => graph.close()));
});
beforeEach(() => {
  for (const { calls } of [...Object.values(graphs), ...Object.values(live)]) calls.splice(0);
});

const ALL = "{ plainCaller namedCaller silentCaller }";
const received = (graph: ServedGraph) => graph.calls.map(({ headers }) => headers).at(-1) ?? {};

/** As no client library would: header names and values in any case and number. */
function sendRaw(query: string, headers: readonly (readonly [string, string])[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${gateway.url}/graphql`, {
      method: "POST",
      headers: [["Host", "gateway"], ["Content-Type", "application/json"], ...headers].flat(),
    });
    sent.on("response", (response) => response.resume().on("end", () => resolve(response.statusCode ?? 0)));
    sent.on("error", reject);
    sent.end(JSON.stringify({ query }));
  });
}

test("an upstream that asks for it is told of anonymous callers, in a token that its verifier takes where it requires one", async () => {
  await gateway.post({ query: "{ strictCaller plainCaller }" });
  const jwksUrl = `${gateway.url}/.well-known/jwks.json`;
  const verify = createVerifier({ issuer: ISSUER, audience: "strict", jwksUrl, required: true });
  expect(await verify(received(graphs.strict))).toBeUndefined();
  expect(received(graphs.plain)["gateway-identity"]).toBeUndefined();
  await gateway.post({ query: "{ strictCaller }" }, { token: ada.accessToken });
  expect((await verify(received(graphs.strict)))?.userId).toBe(ada.user.id);
  await gateway.post({ query: "{ strictCaller }" }, { token: `${ada.accessToken}x` });
  expect(await verify(received(graphs.strict))).toBeUndefined();
});

test("each upstream gets one token of its own: who is calling, for it alone, for a minute, with the configured claims", async () => {
  const { errors } = await gateway.post({ query: ALL }, { token: ada.accessToken });
  expect(errors).toEqual([]);
  const plain = await read(received(graphs.plain)["gateway-identity"], "plain");
  const { sub, sid, roles, scope, iat = 0, exp = 0, jti, ...others } = plain;
  expect({ sub, sid, roles, scope }).toEqual({ sub: ada.user.id, sid: ada.session.id, roles: ["user"], scope: "" });
  expect(exp - iat).toBe(60);
  expect(jti).toEqual(expect.any(String));
  expect(others).toEqual({ iss: ISSUER, aud: "plain" });
  const named = await read(received(graphs.named)["gateway-identity"], NAMED);
  expect(named).toMatchObject({ sub: ada.user.id, aud: NAMED, email: ada.user.email });
  expect(received(graphs.silent)).not.toHaveProperty("gateway-identity");
});

test("callers who are nobody, and those whose token is not valid, come without the header", async () => {
  for (const token of [undefined, "not.a.token", `${ada.accessToken}x`]) {
    const { errors } = await gateway.post({ query: ALL }, { token });
    expect(errors).toEqual([]);
    for (const graph of Object.values(graphs)) expect(received(graph)).not.toHaveProperty("gateway-identity");
  }
});

describe.each(["Gateway-Identity", "gateway-identity", "GATEWAY-IDENTITY", "GaTeWaY-iDeNtItY"])("a client's own %s", (name) => {
  test("never travels: not alone, not twice, not beside ours", async () => {
    expect(
      await sendRaw(ALL, [
        [name, "forged"],
        [name, "forged twice"],
      ]),
    ).toBe(200);
    for (const graph of Object.values(graphs)) expect(JSON.stringify(received(graph))).not.toContain("forged");
    for (const graph of Object.values(graphs)) expect(received(graph)).not.toHaveProperty("gateway-identity");
    await sendRaw(ALL, [
      [name, "forged"],
      ["Authorization", `Bearer ${ada.accessToken}`],
      [name, "forged"],
    ]);
    for (const graph of Object.values(graphs)) expect(JSON.stringify(received(graph))).not.toContain("forged");
    expect((await read(received(graphs.plain)["gateway-identity"], "plain")).sub).toBe(ada.user.id);
  });
});

test("of the client's headers only those configured travel, the access token only where it is among them, cookies never", async () => {
  const authorization = `Bearer ${ada.accessToken}`;
  const headers = {
    authorization,
    cookie: "session=1",
    "x-tenant": "acme",
    "x-other": "no",
    "x-forwarded-for": "192.0.2.1",
    "x-request-id": "mine",
  };
  await gateway.post({ query: ALL }, { headers });
  expect(received(graphs.named)).toMatchObject({ authorization, "x-tenant": "acme" });
  for (const graph of [graphs.plain, graphs.silent]) expect(Object.keys(received(graph))).not.toContain("authorization");
  for (const graph of Object.values(graphs)) {
    expect(JSON.stringify(received(graph))).not.toMatch(/session=1|192\.0\.2\.1|"no"/);
    expect(Object.keys(received(graph))).not.toContain("cookie");
  }
  expect(received(graphs.plain)).not.toHaveProperty("x-tenant");
});

test("x-request-id is ours: what the log has, whatever the client sent", async () => {
  const { headers } = await gateway.post({ query: ALL }, { headers: { "x-request-id": "forged" } });
  const id = received(graphs.named)["x-request-id"];
  expect(id).toEqual(expect.any(String));
  expect(id).not.toBe("forged");
  if (headers.has("x-request-id")) expect(headers.get("x-request-id")).toBe(id);
});

test("the headers of a caller are not the next one's", async () => {
  await gateway.post({ query: ALL }, { token: ada.accessToken, headers: { "x-tenant": "acme" } });
  await gateway.post({ query: ALL });
  expect(received(graphs.named)).not.toHaveProperty("x-tenant");
  expect(received(graphs.named)).not.toHaveProperty("authorization");
  expect(received(graphs.named)).not.toHaveProperty("gateway-identity");
});

test("an upstream's own verifier takes its token, and refuses another upstream's and the access token", async () => {
  await gateway.post({ query: ALL }, { token: ada.accessToken });
  const at = { issuer: ISSUER, jwksUrl: `${gateway.url}/.well-known/jwks.json` };
  const verifyPlain = createVerifier({ ...at, audience: "plain" });
  const verifyNamed = createVerifier({ ...at, audience: NAMED });
  const [plain, named] = [received(graphs.plain), received(graphs.named)];
  expect(await verifyPlain(plain)).toMatchObject({ userId: ada.user.id, email: undefined });
  expect(await verifyNamed(named)).toMatchObject({ userId: ada.user.id, email: ada.user.email });
  const refused = (reason: IdentityProblem) => expect.objectContaining({ reason });
  await expect(verifyPlain(named)).rejects.toEqual(refused("wrong_audience"));
  await expect(verifyNamed(plain)).rejects.toEqual(refused("wrong_audience"));
  await expect(verifyPlain({ "gateway-identity": ada.accessToken })).rejects.toEqual(refused("access_token"));
});

test("a token that was refused by the gateway gets no identity, from the moment on", async () => {
  const { accessToken } = await gateway.register();
  await gateway.post({ query: "{ plainCaller }" }, { token: accessToken });
  expect(received(graphs.plain)).toHaveProperty("gateway-identity");
  await gateway.post({ query: "mutation { logout { endedSessions } }" }, { token: accessToken });
  await gateway.post({ query: "{ plainCaller }" }, { token: accessToken });
  expect(received(graphs.plain)).not.toHaveProperty("gateway-identity");
});

test.each(["socket", "stream"] as const)(
  "subscriptions over a %s: the same, by the headers that the client's socket was opened with",
  async (kind) => {
    const graph = live[kind];
    const headers = { "Gateway-Identity": "forged", cookie: "session=1", "X-Tenant": "acme", "x-other": "no" };
    const socket = await openSocket(gateway.url, { headers });
    await socket.init({ accessToken: ada.accessToken, "gateway-identity": "forged" });
    const { told } = watchOn(socket, `subscription { ${kind}Notices(topic: "identity") { caller } }`);
    await expect.poll(() => graph.listeners("identity")).toBe(1);
    expect(JSON.stringify(received(graph))).not.toMatch(/forged|session=1|"no"/);
    expect(received(graph)).toMatchObject({ "x-tenant": "acme" });
    expect(received(graph)).not.toHaveProperty("cookie");
    expect((await read(received(graph)["gateway-identity"], kind)).sub).toBe(ada.user.id);
    graph.emit("identity", {});
    await expect.poll(() => told().length).toBe(1);
    socket.socket.terminate();
  },
);

test("with a shared secret nobody could verify it: the gateway refuses to start, and says so; with `identity: off` it starts", async () => {
  const database = await createTestDatabase();
  const env = { JWT_ALGORITHM: "HS256", JWT_SECRET: "a shared secret of the tests that is long enough" };
  const upstream = `upstreams:\n  - { name: plain, url: "${graphs.plain.url}", sdl: { query: _sdl }`;
  await expect(startTestGateway({ database, env, gatewayYaml: `${upstream} }\n` })).rejects.toThrow(/HS256.*ES256 or RS256/);
  const started = await startTestGateway({ database, env, gatewayYaml: `${upstream}, identity: off }\n` });
  const { accessToken } = await started.register();
  expect((await started.post({ query: "{ plainCaller me { id } }" }, { token: accessToken })).errors).toEqual([]);
  await started.close();
  await database.drop();
});
