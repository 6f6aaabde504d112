import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MeFromTokenDocument } from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { openSocket } from "../../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const body = JSON.stringify({ query: "{ __typename }" });
const head = (length: number) =>
  ["POST /graphql HTTP/1.1", "Host: localhost", "Content-Type: application/json", `Content-Length: ${length}`].join("\r\n");

interface Connection {
  readonly socket: Socket;
  readonly received: () => string;
  readonly ended: Promise<unknown>;
}

async function open(url = gateway.url): Promise<Connection> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString();
  });
  socket.on("error", () => undefined);
  const ended = new Promise((resolve) => {
    socket.on("close", resolve);
  });
  await once(socket, "connect");
  return { socket, received: () => received, ended };
}

/** One character after the other, for as long as anybody listens. */
function trickle(socket: Socket, text: string): void {
  let index = 0;
  const timer = setInterval(() => {
    socket.write(text[index % text.length] ?? "");
    index += 1;
  }, 200);
  socket.on("close", () => clearInterval(timer));
}

async function untilReceived({ socket, received }: Connection, text: RegExp): Promise<void> {
  while (!text.test(received())) await once(socket, "data");
}

/** Some of a kind, all cut within the time of a test, while others are served. They would go on for ever. */
async function expectCut(behave: (socket: Socket) => void, count = 10): Promise<Connection[]> {
  const connections = await Promise.all(Array.from({ length: count }, () => open()));
  for (const { socket } of connections) behave(socket);
  const { accessToken: token } = await gateway.register();
  expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token })).me).not.toBeNull();
  await Promise.all(connections.map(({ ended }) => ended));
  return connections;
}

describe.concurrent("a client that is slow on purpose is cut off, and nobody else notices:", () => {
  test("one that says nothing", async () => {
    await expectCut(() => undefined);
  });

  test("one that sends its headers letter by letter", async () => {
    await expectCut((socket) => trickle(socket, `${head(body.length)}\r\nX-Filler: ${"x".repeat(1000)}`));
  });

  test("one that sends a header now and then", async () => {
    const connections = await expectCut((socket) => {
      socket.write(head(body.length));
      trickle(socket, "\r\nA: b".repeat(100));
    });
    expect(connections[0]?.received()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("one that sends its body letter by letter", async () => {
    await expectCut((socket) => {
      socket.write(`${head(50_000)}\r\n\r\n`);
      trickle(socket, body);
    });
  });

  test("one that sends its body in chunks of one letter", async () => {
    await expectCut((socket) => {
      socket.write(`${head(1).replace("Content-Length: 1", "Transfer-Encoding: chunked")}\r\n\r\n`);
      const timer = setInterval(() => socket.write("1\r\na\r\n"), 200);
      socket.on("close", () => clearInterval(timer));
    });
  });

  test("one that asks and asks, and takes no answer", async () => {
    const large = JSON.stringify({ query: getIntrospectionQuery() });
    const asked = `${head(large.length)}\r\n\r\n${large}`;
    const behave = (socket: Socket) => {
      socket.pause();
      socket.write(asked.repeat(1000));
      // Whoever does not read does not see the end either.
      setTimeout(() => socket.resume(), 15_000).unref();
    };
    const [connection] = await expectCut(behave, 2);
    expect(connection?.received().split("HTTP/1.1 200").length).toBeLessThan(900);
  });

  test("but not a connection between two requests, for as long as load balancers keep theirs idle", async () => {
    const connection = await open();
    connection.socket.write(`${head(body.length)}\r\n\r\n${body}`);
    await untilReceived(connection, /"__typename":"Query"/);
    await sleep(14_000);
    connection.socket.write(`${head(body.length)}\r\n\r\n${body}`);
    await untilReceived(connection, /("__typename":"Query".*){2}/s);
    expect(connection.received()).toMatch(/keep-alive: timeout=72/i);
    connection.socket.destroy();
  });

  test("nor a WebSocket on which nothing happens", async () => {
    const { accessToken } = await gateway.register();
    const socket = await openSocket(gateway.url);
    await socket.init({ accessToken });
    await sleep(14_000);
    expect((await socket.ask(MeFromTokenDocument)).data?.me).not.toBeNull();
    socket.socket.close();
  });
});

test("a body of ten megabytes is refused before it has come", async () => {
  const connection = await open();
  connection.socket.write(`${head(10_000_000)}\r\n\r\n`);
  await expect.poll(connection.received).toMatch(/^HTTP\/1\.1 413 /);
  const chunk = Buffer.alloc(100_000, "x");
  for (let index = 0; index < 100 && !connection.socket.destroyed; index += 1) connection.socket.write(chunk);
  await connection.ended;
});

test("a body of ten megabytes in chunks is refused after the first hundred kilobytes", async () => {
  const connection = await open();
  connection.socket.write(`${head(1).replace("Content-Length: 1", "Transfer-Encoding: chunked")}\r\n\r\n`);
  const chunk = `186a0\r\n${"x".repeat(100_000)}\r\n`;
  for (let index = 0; index < 100 && !connection.socket.destroyed; index += 1) connection.socket.write(chunk);
  await connection.ended;
});

describe("connections beyond MAX_CONNECTIONS", () => {
  let small: TestGateway;
  beforeAll(async () => {
    small = await startTestGateway({ env: { MAX_CONNECTIONS: "5" } });
  });
  afterAll(() => small.close());

  test("are closed at once, and those before them go on", async () => {
    const held = await Promise.all(Array.from({ length: 5 }, () => open(small.url)));
    const beyond = await Promise.all(Array.from({ length: 5 }, () => open(small.url)));
    await Promise.all(beyond.map(({ ended }) => ended));
    held[0]?.socket.write(`${head(body.length)}\r\n\r\n${body}`);
    await expect.poll(() => held[0]?.received()).toContain('"__typename":"Query"');
    for (const { socket } of held) socket.destroy();
    await Promise.all(held.map(({ ended }) => ended));
    await expect.poll(async () => (await small.post({ query: "{ __typename }" }).catch(() => undefined))?.status).toBe(200);
  });
});
