import { afterAll, beforeAll, expect, test } from "vitest";
import { LoginDocument, MeFromTokenDocument, RefreshDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { type ServerProcess, serverFile, startServerProcess } from "../support/processes/server-process.ts";
import { type ReceivedSpan, startTraceReceiver, type TraceReceiver } from "../support/processes/trace-receiver.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = "00f067aa0ba902b7";
const SERVER = 2;
const CLIENT = 3;
const FAILED = 2;

let database: TestDatabase;
let receiver: TraceReceiver;
let server: ServerProcess;
beforeAll(async () => {
  database = await createTestDatabase();
  receiver = await startTraceReceiver();
  server = await startServerProcess({ DATABASE_URL: database.url, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
});
afterAll(async () => {
  await server.stop();
  await receiver.close();
  await database.drop();
});

const childrenOf = ({ spanId }: ReceivedSpan) => receiver.spans.filter(({ parentSpanId }) => parentSpanId === spanId);

test("a request is one trace, linked to its caller's, down to statements and hashing, without values; a shutdown sends all", async () => {
  const email = newEmail();
  const traceparent = `00-${TRACE}-${CALLER}-01`;
  const { register } = dataOf(await server.send(RegisterDocument, { input: { email, password: PASSWORD } }, { headers: { traceparent } }));
  const { refresh } = dataOf(await server.send(RefreshDocument, { input: { refreshToken: register.refreshToken ?? "" } }));
  await server.send(MeFromTokenDocument, {}, { token: refresh.accessToken });
  expect(codesOf(await server.send(LoginDocument, { input: { email, password: "not the password" } }))).toEqual(["INVALID_CREDENTIALS"]);
  await fetch(`${server.url}/graphql?query=${encodeURIComponent('{ __type(name: "a-secret-value") { name } }')}`);
  expect(await server.stop("SIGTERM")).toBe(0);

  const [request] = receiver.spans.filter(({ links }) => links.length > 0);
  expect(request).toMatchObject({ name: "POST /graphql", kind: SERVER, links: [{ traceId: TRACE, spanId: CALLER }] });
  expect(request?.traceId).not.toBe(TRACE);
  expect(request?.parentSpanId ?? "").toBe("");
  expect(request?.attributes).toMatchObject({ "http.request.method": "POST", "http.route": "/graphql", "http.response.status_code": 200 });
  const [operation] = childrenOf(request ?? expect.fail("there is no span of the request"));
  expect(operation?.name).toBe("mutation register");
  expect(operation?.attributes).toEqual({
    "graphql.operation.type": "mutation",
    "graphql.operation.name": "Register",
    "graphql.operation.root_fields": ["register"],
  });
  const work = childrenOf(operation ?? expect.fail("there is no span of the operation"));
  expect(work.map(({ name }) => name)).toContain("hash password");
  const statements = work.filter(({ kind }) => kind === CLIENT);
  expect(statements.map(({ attributes }) => attributes["db.operation.name"])).toContain("INSERT");
  expect(String(statements.find(({ name }) => name === "postgresql insert")?.attributes["db.query.text"])).toContain("$1");

  const [failed] = receiver.spans.filter(({ name }) => name === "mutation login");
  expect(failed?.status).toEqual({ code: FAILED, message: "INVALID_CREDENTIALS" });
  const rotation = receiver.spans.filter(({ name }) => name === "mutation refresh").flatMap(childrenOf);
  expect(String(rotation[0]?.attributes["db.query.text"])).toContain('update "auth"."sessions"');

  const { accessToken, refreshToken } = register;
  const secrets = [
    email,
    PASSWORD,
    accessToken,
    refreshToken,
    refresh.accessToken,
    refresh.refreshToken,
    "$argon2id$",
    "a-secret-value",
    register.user.id,
  ];
  for (const secret of secrets) expect(receiver.text()).not.toContain(secret ?? expect.fail("there is no token"));
});

test.each([
  ["asks for", "traceidratio", "0.000001", "01", 0],
  ["asks for", "parentbased_traceidratio", "0.000001", "01", 0],
  ["asks for none of", "parentbased_traceidratio", "1", "00", 1],
])("a caller who %s the trace has no say in it: %s of %s", async (_asks, sampler, ratio, flags, kept) => {
  const own = await startTraceReceiver();
  const variables = { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio, OTEL_EXPORTER_OTLP_ENDPOINT: own.url };
  const sampling = await startServerProcess({ DATABASE_URL: database.url, ...variables });
  // An id that any share of traces would have in it.
  const traceparent = `00-${"0".repeat(31)}1-${CALLER}-${flags}`;
  expect((await sampling.post({ query: "{ __typename }" }, { headers: { traceparent } })).status).toBe(200);
  expect(await sampling.stop("SIGTERM")).toBe(0);
  await own.close();
  expect(own.spans.filter(({ links }) => links.length > 0)).toHaveLength(kept);
});

test("a receiver that is away costs nobody anything, and a shutdown does not wait for it", async () => {
  const away = await startServerProcess({ DATABASE_URL: database.url, OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
  expect((await away.post({ query: "{ __typename }" })).status).toBe(200);
  expect(await away.stop("SIGTERM")).toBe(0);
});

test("nothing is loaded of what is not configured: a receiver of traces, Redis, webhooks, other graphs", async () => {
  const server = await startServerProcess({ DATABASE_URL: database.url, NODE_DEBUG: "esm,module" }, { program: [serverFile] });
  await server.post({ query: "{ __typename }" });
  const output = server.output();
  await server.stop();
  expect(output).toContain("prom-client");
  for (const package_ of ["sdk-trace-node", "@redis/client", "node_modules/undici", "@graphql-tools/stitch", "federation-composition"]) {
    expect(output).not.toContain(package_);
  }
});
