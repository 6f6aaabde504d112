import { createServer } from "node:net";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { createWebhookDelivery } from "../../src/webhooks/deliver-webhook.ts";
import { until } from "../support/until.ts";
import { openReceiver, type Receiver } from "../support/webhooks/receiver.ts";

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const OLD_SECRET = `whsec_${Buffer.alloc(24, 2).toString("base64")}`;
const ID = "01a21a7d-d0b4-70bb-8536-33b178c92f87";
const body = JSON.stringify({ type: "user.registered", timestamp: new Date(), data: { userId: "ü" } });

let receiver: Receiver;
beforeEach(async () => {
  receiver = await openReceiver();
});
afterEach(() => receiver.close());

interface Attempt {
  readonly path?: string;
  readonly secrets?: readonly string[];
  readonly timeoutMilliseconds?: number;
  readonly signal?: AbortSignal;
  readonly clock?: () => Date;
}

async function deliver({ path = "/hooks?from=us", secrets = [SECRET], timeoutMilliseconds = 5000, ...attempt }: Attempt = {}) {
  const url = `${receiver.url}${path}`;
  const delivery = createWebhookDelivery({ clock: attempt.clock ?? systemClock }, { endpoints: [{ url, secrets }], timeoutMilliseconds });
  const call = { channel: "webhook", url, type: "user.registered", body } as const;
  const signal = attempt.signal ?? new AbortController().signal;
  const outcome = await delivery.deliver(call, { id: ID, createdAt: new Date(), signal });
  await delivery.close();
  return outcome;
}
const verify = (secret: string, { body: received, headers }: Receiver["calls"][number]) =>
  new Webhook(secret).verify(received, headers as Record<string, string>);

test("what arrives is believed by the library of Standard Webhooks, and is what was written, to the byte", async () => {
  expect(await deliver()).toEqual({ kind: "sent" });
  const [call] = receiver.calls;
  if (call === undefined) throw new Error("nothing arrived");
  expect(call).toMatchObject({ path: "/hooks?from=us", body, headers: { "content-type": "application/json", "webhook-id": ID } });
  expect(verify(SECRET, call)).toEqual(JSON.parse(body));
  expect(() => verify(OLD_SECRET, call)).toThrow();
  expect(() => verify(SECRET, { ...call, body: `${body} ` })).toThrow();
  expect(() => verify(SECRET, { ...call, headers: { ...call.headers, "webhook-id": "another" } })).toThrow();
});

test("while a secret is rotated, receivers with either one believe it", async () => {
  await deliver({ secrets: [SECRET, OLD_SECRET] });
  const [call] = receiver.calls;
  if (call === undefined) throw new Error("nothing arrived");
  for (const secret of [SECRET, OLD_SECRET]) expect(verify(secret, call)).toEqual(JSON.parse(body));
});

test("another attempt has the same id, and a signature of its own time", async () => {
  await deliver({ clock: () => new Date(Date.now() - 600_000) });
  await deliver();
  const [stale, fresh] = receiver.calls;
  if (stale === undefined || fresh === undefined) throw new Error("too little arrived");
  expect(fresh.headers["webhook-id"]).toBe(stale.headers["webhook-id"]);
  expect(() => verify(SECRET, stale)).toThrow("too old");
  expect(verify(SECRET, fresh)).toEqual(JSON.parse(body));
});

describe("the status decides", () => {
  test.each([
    [200, { kind: "sent" }],
    [202, { kind: "sent" }],
    [299, { kind: "sent" }],
    [410, { kind: "never", problem: "HTTP 410" }],
    [400, { kind: "later", problem: "HTTP 400" }],
    [404, { kind: "later", problem: "HTTP 404" }],
    [429, { kind: "later", problem: "HTTP 429" }],
    [500, { kind: "later", problem: "HTTP 500" }],
    [503, { kind: "later", problem: "HTTP 503" }],
  ])("%i", async (status, outcome) => {
    receiver.answer = (_call, response) => response.writeHead(status).end("the receiver's own words");
    expect(await deliver()).toEqual(outcome);
  });

  test.each([301, 302, 303, 307, 308])("a redirection (%i) is followed by nobody", async (status) => {
    receiver.answer = (_call, response) => response.writeHead(status, { location: `${receiver.url}/elsewhere` }).end();
    expect(await deliver()).toEqual({ kind: "later", problem: `HTTP ${status}` });
    expect(receiver.calls.map(({ path }) => path)).toEqual(["/hooks?from=us"]);
  });
});

describe("a receiver cannot hold a delivery up", () => {
  test("by saying nothing", async () => {
    receiver.answer = () => undefined;
    expect(await deliver({ timeoutMilliseconds: 50 })).toEqual({ kind: "later", problem: "no answer in time" });
  });

  test("by an answer that never ends: its status counts", async () => {
    receiver.answer = (_call, response) => void response.writeHead(200).write("...");
    expect(await deliver({ timeoutMilliseconds: 50 })).toEqual({ kind: "sent" });
  });

  test("by an answer without bounds", async () => {
    let written = 0;
    let isClosed = false;
    receiver.answer = (_call, response) => {
      response.on("close", () => {
        isClosed = true;
      });
      response.writeHead(200);
      const write = () => {
        while (!isClosed && written < 256 * 1024 * 1024) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once("drain", write);
        }
      };
      write();
    };
    expect(await deliver({ timeoutMilliseconds: 20_000 })).toEqual({ kind: "sent" });
    await until(() => isClosed, 10_000);
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  test("when the process has no more time", async () => {
    const hurry = new AbortController();
    receiver.answer = () => hurry.abort();
    expect(await deliver({ signal: hurry.signal })).toEqual({ kind: "later", problem: "cut off" });
  });
});

test("a receiver that is not there is tried later", async () => {
  await receiver.close();
  expect(await deliver()).toEqual({ kind: "later", problem: "out of reach" });
  receiver = await openReceiver();
});

test("one that speaks no HTTP is tried later, and what it said is told to nobody", async () => {
  const server = createServer((socket) => socket.on("error", () => undefined).end("220 mail.internal ready\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
  const options = { endpoints: [{ url, secrets: [SECRET] }], timeoutMilliseconds: 5000 };
  const { deliver: send, close } = createWebhookDelivery({ clock: systemClock }, options);
  const call = { channel: "webhook", url, type: "user.registered", body } as const;
  const outcome = await send(call, { id: ID, createdAt: new Date(), signal: new AbortController().signal });
  expect(outcome).toEqual({ kind: "later", problem: "out of reach" });
  await close();
  server.close();
});

test("a URL that has left the configuration is sent nothing more", async () => {
  const { deliver: send, close } = createWebhookDelivery({ clock: systemClock }, { endpoints: [], timeoutMilliseconds: 5000 });
  const call = { channel: "webhook", url: `${receiver.url}/`, type: "user.registered", body } as const;
  const outcome = await send(call, { id: ID, createdAt: new Date(), signal: new AbortController().signal });
  expect(outcome).toEqual({ kind: "never", problem: "no longer configured" });
  expect(receiver.calls).toEqual([]);
  await close();
});
