import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, MeFromTokenDocument, RefreshDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { growth, readMetrics } from "../support/metrics.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const countOf = (field: string, outcome: string) => `auth_operation_duration_seconds_count{field="${field}",outcome="${outcome}"}`;

describe("what is audited is counted", () => {
  test("sign-ins and failures", async () => {
    const { user } = await gateway.register();
    const grown = await growth(gateway.url, async () => {
      await gateway.login(user.email);
      await gateway.login(user.email);
      await gateway.send(LoginDocument, { input: { email: user.email, password: "not the password" } });
      await gateway.send(LoginDocument, { input: { email: newEmail(), password: PASSWORD } });
    });
    expect(grown("auth_login_success_total")).toBe(2);
    expect(grown("auth_login_failure_total")).toBe(2);
    expect(grown('auth_audit_events_total{type="LOGIN_FAILED"}')).toBe(2);
    expect(grown('auth_hashing_duration_seconds_count{work="verify"}')).toBe(4);
  });

  test("what becomes of refresh tokens", async () => {
    const { refreshToken } = await gateway.register();
    const grown = await growth(gateway.url, async () => {
      const use = (token: string | null) => gateway.send(RefreshDocument, { input: { refreshToken: token } });
      const { refresh } = dataOf(await use(refreshToken));
      await use(refreshToken);
      await use(refresh.refreshToken);
      await use(refreshToken);
      await use(refreshToken);
      await use("rt2_nonsense");
    });
    const outcomes = ["rotated", "replayed", "reused", "ended", "not_genuine"];
    expect(outcomes.map((outcome) => grown(`auth_token_refresh_total{outcome="${outcome}"}`))).toEqual([2, 1, 1, 1, 1]);
  });
});

describe("operations are measured by root field and outcome", () => {
  test("over HTTP and over WebSocket, whatever the client calls them, each field once", async () => {
    const { accessToken } = await gateway.register();
    const grown = await growth(gateway.url, async () => {
      await gateway.send(MeFromTokenDocument, {}, { token: accessToken });
      await gateway.post({ query: "query SomeName { mine: me { id } ...Rest } fragment Rest on Query { again: me { id } __typename }" });
      const socket = await openSocket(gateway.url);
      await socket.init({ accessToken });
      await socket.ask(MeFromTokenDocument);
      socket.socket.terminate();
    });
    expect(grown(countOf("me", "OK"))).toBe(2);
    expect(grown(countOf("me", "UNAUTHENTICATED"))).toBe(1);
    expect(grown(countOf("introspection", "OK"))).toBe(1);
  });

  test("nothing that a client invents becomes a label", async () => {
    await gateway.post({ query: "query Invented { inventedAlias: me { id } }" });
    await gateway.post({ query: "{ inventedField }" });
    await gateway.post({ query: "query ($x: Int) { me { id } }", operationName: "InventedName" });
    const { samples } = await readMetrics(gateway.url);
    expect([...samples.keys()].filter((series) => /invented/i.test(series))).toEqual([]);
  });

  test("a refresh takes its place beside the histogram's time", async () => {
    const { refreshToken } = await gateway.register();
    const sum = 'auth_operation_duration_seconds_sum{field="refresh",outcome="OK"}';
    const startedAt = performance.now();
    const grown = await growth(gateway.url, () => gateway.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } }));
    expect(grown(sum)).toBeGreaterThan(0);
    expect(grown(sum)).toBeLessThan((performance.now() - startedAt) / 1000);
  });
});

test("open sockets, revocations in memory and the feed's lag are read when somebody looks", async () => {
  const { accessToken } = await gateway.register();
  const socket = await openSocket(gateway.url);
  await socket.init({ accessToken });
  const grown = await growth(gateway.url, () => gateway.send(MeFromTokenDocument, {}, { token: accessToken }));
  expect(grown("auth_websocket_connections")).toBe(0);
  const { samples } = await readMetrics(gateway.url);
  expect(samples.get("auth_websocket_connections")).toBe(1);
  expect(samples.get("auth_revocation_lag_seconds")).toBeGreaterThanOrEqual(0);
  const revoked = await growth(gateway.url, () => gateway.post({ query: "mutation { logout { endedSessions } }" }, { token: accessToken }));
  expect(revoked("auth_live_revocations")).toBe(1);
  await socket.closed;
  await until(async () => (await readMetrics(gateway.url)).samples.get("auth_websocket_connections") === 0, 2000);
});

test("HTTP answers are counted by class of status", async () => {
  const grown = await growth(gateway.url, async () => {
    await fetch(`${gateway.url}/livez`);
    await fetch(`${gateway.url}/nothing-is-here`);
  });
  // The first reading of the metrics is an answer itself.
  expect(grown('auth_http_responses_total{status="2xx"}')).toBe(2);
  expect(grown('auth_http_responses_total{status="4xx"}')).toBe(1);
});

test("in production the public port has no /metrics", async () => {
  const env = {
    NODE_ENV: "production",
    PUBLIC_URL: "https://auth.example.com",
    DATABASE_URL: "postgres://db.example.com/gateway",
    SECRET: "kPq7vX2mZ9rT4wB8nL5cY1hJ6dF3gS0a",
  };
  const production = await startTestGateway({ env });
  expect((await fetch(`${production.url}/metrics`)).status).toBe(404);
  expect((await fetch(`${production.url}/livez`)).status).toBe(200);
  await production.close();
});

test("every log line that a request has caused carries its id", async () => {
  const { user } = await gateway.register();
  const reply = await gateway.send(LoginDocument, { input: { email: user.email, password: "not the password" } });
  const requestId = reply.headers.get("x-request-id");
  const lines = gateway.logs.filter((line) => line.msg === "LOGIN_FAILED" && line.requestId === requestId);
  expect(lines).toHaveLength(1);
  const [row] = await gateway.database.sql`select to_jsonb(audit_events) as entry from audit_events where type = 'LOGIN_FAILED' limit 1`;
  expect(JSON.stringify(row?.entry)).not.toContain(requestId);
});
