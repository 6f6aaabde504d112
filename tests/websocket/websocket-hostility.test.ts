import { connect } from "node:net";
import { print } from "graphql";
import { describe, expect, test } from "vitest";
import { MeFromTokenDocument, SessionEventsDocument } from "../generated/operations.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import type { TestGateway } from "../support/gateway.ts";
import { APP, serveEnvironments, signedIn } from "./two-environments.ts";

const served = serveEnvironments();
const { at } = served;

/** Whoever is next is served as ever. */
async function isUnharmed(gateway: TestGateway): Promise<boolean> {
  const socket = await signedIn(gateway);
  const { data } = await socket.ask(MeFromTokenDocument);
  socket.socket.close();
  return data?.me !== null;
}

describe("who may connect", () => {
  test.each([
    ["production", "https://evil.example"],
    ["production", "null"],
    ["production", "https://studio.apollographql.com"],
    ["production", "http://app.example.com"],
    ["production", "https://auth.example.com.evil.example"],
    ["development", "https://evil.example"],
    ["development", "null"],
    ["development", "not an origin"],
  ])("not in %s: a page of %s", async (environment, origin) => {
    await expect(openSocket(at(environment).url, { headers: { origin } })).rejects.toThrow("status 403");
  });

  test("not in production: a page that claims to be of the address it was reached by", async () => {
    await expect(openSocket(served.production.url, { headers: { origin: served.production.url } })).rejects.toThrow("status 403");
  });

  test.each([
    ["production", APP],
    ["production", "https://auth.example.com"],
    ["development", "https://studio.apollographql.com"],
    ["development", "https://sandbox.embed.apollographql.com"],
    ["development", "itself"],
  ])("in %s: a page of %s", async (environment, origin) => {
    const gateway = at(environment);
    const socket = await openSocket(gateway.url, { headers: { origin: origin === "itself" ? gateway.url : origin } });
    const { accessToken } = await gateway.register();
    await socket.init({ accessToken });
    socket.socket.close();
  });

  test.each(["/", "/graphql/", "/graphqlx", "/other", "/graphql/../other"])("not at %s", async (path) => {
    await expect(openSocket(served.development.url, { path })).rejects.toThrow("status 404");
  });

  test("with a query in the path", async () => {
    const socket = await openSocket(served.development.url, { path: "/graphql?a=b" });
    socket.socket.close();
  });

  test.each([[["graphql-ws"]], [["soap", "graphql-ws"]], [[]]])(
    "not with another protocol, which is closed with 4406: %j",
    async (protocols) => {
      const other = await openSocket(served.development.url, { protocols });
      expect(await other.closed).toEqual({ code: 4406, reason: "Subprotocol not acceptable" });
    },
  );
});

/** What comes back on a connection on which `request` is sent. */
function sendRaw(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

test.each([
  ["no key", "Sec-WebSocket-Version: 13"],
  ["a version of the past", "Sec-WebSocket-Version: 7\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
])("a handshake with %s is refused", async (_name, headers) => {
  const request = `GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${headers}\r\n\r\n`;
  expect(await sendRaw(served.development.url, request)).toMatch(/^HTTP\/1\.1 400 /);
});

test("a request that offers HTTP/2 or anything else is answered as if it did not, its body too", async () => {
  const body = JSON.stringify({ query: "{ __typename }" });
  const head = ["POST /graphql HTTP/1.1", "Host: localhost", "Content-Type: application/json", `Content-Length: ${body.length}`];
  const offer = ["Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"];
  const answer = await sendRaw(served.development.url, `${[...head, ...offer].join("\r\n")}\r\n\r\n${body}`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain('{"data":{"__typename":"Query"}}');
  const { hostname, port } = new URL(served.development.url);
  const late = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(`${[...head, ...offer].join("\r\n")}\r\n\r\n`));
    setTimeout(() => socket.write(body), 50);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("close", () => resolve(text));
  });
  expect(late).toContain('{"data":{"__typename":"Query"}}');
});

describe("what strangers send", () => {
  test("nothing: closed with 4408 after three seconds", async () => {
    const socket = await openSocket(served.development.url);
    expect(await socket.closed).toEqual({ code: 4408, reason: "Connection initialisation timeout" });
  });

  const invalid = { code: 4400, reason: "Invalid message received" };
  test.each<readonly [name: string, frame: unknown, closed: unknown]>([
    ["no JSON", "hunter2 {", invalid],
    ["no message", "[]", invalid],
    ["an unknown type", { type: "hunter2" }, invalid],
    ["a message of servers", { type: "connection_ack" }, invalid],
    ["an answer", { type: "next", id: "1", payload: {} }, invalid],
    ["a payload of another shape", { type: "connection_init", payload: "hunter2" }, invalid],
    ["bytes", Buffer.from([0, 255, 1]), invalid],
    ["brackets without end", "[".repeat(50_000), invalid],
    ["a tower of objects", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`, invalid],
    ["too much", "x".repeat(200_000), { code: 1009, reason: "" }],
    [
      "an operation before connection_init",
      { type: "subscribe", id: "1", payload: { query: "{ me { id } }" } },
      { code: 4401, reason: "Unauthorized" },
    ],
  ])("%s: closed with a code, and nobody else notices", async (_name, frame, closed) => {
    const linesBefore = served.development.logs.length;
    const socket = await openSocket(served.development.url);
    socket.send(frame);
    expect(await socket.closed).toEqual(closed);
    expect(socket.messages).toEqual([]);
    expect(served.development.logs.slice(linesBefore)).toEqual([]);
    expect(await isUnharmed(served.development)).toBe(true);
  });

  test("text that is no UTF-8 is closed with 1007", async () => {
    const socket = await openSocket(served.development.url);
    socket.socket.send(Buffer.from([0xc3, 0x28]), { binary: false });
    expect(await socket.closed).toMatchObject({ code: 1007 });
  });

  test("a second connection_init: closed with 4429", async () => {
    const socket = await signedIn(served.development);
    socket.send({ type: "connection_init" });
    expect(await socket.closed).toEqual({ code: 4429, reason: "Too many initialisation requests" });
  });

  test("an id that is in use: closed with 4409, whatever the id", async () => {
    for (const id of ["hunter2", "x".repeat(5000)]) {
      const socket = await signedIn(served.development);
      const message = { id, type: "subscribe", payload: { query: "subscription { sessionEvents { type } }" } };
      socket.send(message);
      socket.send(message);
      expect(await socket.closed).toEqual({ code: 4409, reason: "Subscriber already exists" });
    }
  });

  test("operations while the socket closes: they do not run", async () => {
    const socket = await openSocket(served.development.url);
    socket.send({ type: "connection_init", payload: { accessToken: "garbage" } });
    for (let message = 0; message < 100; message += 1) socket.send({ type: "ping" });
    expect((await socket.closed).code).toBe(4403);
    expect(socket.messages.every(({ type }) => type === "pong")).toBe(true);
  });

  test("a thousand subscriptions: twenty stand, the others are refused, and the socket goes on", async () => {
    const socket = await signedIn(served.development);
    const query = print(SessionEventsDocument);
    for (let id = 1; id <= 1000; id += 1) socket.send({ id: `${id}`, type: "subscribe", payload: { query } });
    await expect.poll(() => socket.messages.filter(({ type }) => type === "error").length).toBe(980);
    const [refused] = socket.messages.filter(({ type }) => type === "error");
    expect(refused?.payload).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", fields: { request: [expect.any(String)] } } }]);
    socket.send({ id: "1", type: "complete" });
    expect((await socket.ask(MeFromTokenDocument)).data?.me).not.toBeNull();
    socket.socket.close();
  });

  test("pings without reading the answers: cut off", async () => {
    const socket = await signedIn(served.development);
    socket.socket.pause();
    const payload = { filler: "x".repeat(90_000) };
    const flood = setInterval(() => {
      for (let ping = 0; ping < 50 && socket.socket.readyState === 1; ping += 1) socket.send({ type: "ping", payload });
    }, 5);
    expect(await socket.closed).toMatchObject({ code: 1006 });
    clearInterval(flood);
  });
});
