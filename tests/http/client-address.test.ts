import { once } from "node:events";
import type { Socket } from "node:net";
import { fastify } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createClientAddressOf } from "../../src/http/client-address.ts";
import { startTestGateway } from "../support/gateway.ts";

const trusted = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"];

const cases: readonly (readonly [forwardedFor: string | undefined, behindProxies: string | null])[] = [
  [undefined, "127.0.0.1"],
  ["203.0.113.80", "203.0.113.80"],
  ["203.0.113.80, 10.1.2.3", "203.0.113.80"],
  ["192.0.2.1, 203.0.113.81", "203.0.113.81"],
  ["10.0.0.9, 192.0.2.1, 203.0.113.81, 10.9.9.9", "203.0.113.81"],
  ["2001:db8:8:8::1", "2001:db8:8:8::1"],
  ["[2001:db8:8:8::1]:4711", "2001:db8:8:8::1"],
  // As Azure and others write them: every hop with its port.
  ["203.0.113.82:51234, 10.0.0.5:443", "203.0.113.82"],
  ["198.51.100.1:1, 203.0.113.83:51234,10.0.0.5:443 , 10.0.0.6:8080", "203.0.113.83"],
  ["[2001:db8:8:8::2]:51234, [fd00::5]:443", "2001:db8:8:8::2"],
  ["2001:db8:8:8::3, fd00::5", "2001:db8:8:8::3"],
  ["::ffff:203.0.113.84, ::ffff:10.0.0.5", "203.0.113.84"],
  ["[::ffff:203.0.113.85]:443, [::ffff:10.0.0.5]:443", "203.0.113.85"],
  ["10.0.0.7:443, 10.0.0.5:443", "10.0.0.7"],
  [" , ,203.0.113.86", "203.0.113.86"],
  ["203.0.113.87, nobody", null],
  ["203.0.113.87, 10.0.0.5:port", null],
  ["203.0.113.87, 10.0.0.999", null],
  ["nobody", null],
];

/** A server that says who asked: in the answer over HTTP, and in the refusal of a WebSocket. */
function createWitness(trustedProxies: readonly string[]) {
  const app = fastify();
  const clientAddressOf = createClientAddressOf({ trustedProxies, onUnlistedProxy: () => undefined });
  app.get("/", (request) => ({ address: clientAddressOf(request.raw) }));
  app.server.on("upgrade", (request, socket) => {
    socket.end(`HTTP/1.1 418 Teapot\r\nx-address: ${clientAddressOf(request)}\r\nconnection: close\r\n\r\n`);
  });
  return app;
}

describe.each([
  ["without trusted proxies", []],
  ["behind trusted proxies", trusted],
])("%s", (_title, trustedProxies) => {
  const app = createWitness(trustedProxies);
  let url: string;
  beforeAll(async () => {
    url = await app.listen({ port: 0, host: "127.0.0.1" });
  });
  afterAll(() => app.close());

  test.each(cases)("a WebSocket comes from where a request with the same headers would: X-Forwarded-For %s", async (claimed, seen) => {
    const headers = claimed === undefined ? {} : { "x-forwarded-for": claimed };
    const expected = trustedProxies.length === 0 ? "127.0.0.1" : seen;
    expect(await (await fetch(url, { headers })).json()).toEqual({ address: expected });
    const socket = new WebSocket(url.replace("http", "ws"), { headers });
    const [, response] = await once(socket, "unexpected-response");
    expect(response.headers["x-address"]).toBe(String(expected));
    response.destroy();
  });
});

test.each([
  ["no proxies are listed", "", "x-forwarded-for"],
  ["another one is listed", "10.0.0.0/8", "x-forwarded-for"],
  ["it sends `Forwarded`", "", "forwarded"],
])("an unlisted proxy is told of once, with its address and the setting, where %s", async (_title, trustedProxies, header) => {
  const gateway = await startTestGateway({ env: { TRUSTED_PROXIES: trustedProxies } });
  const warnings = () => gateway.logs.filter(({ msg }) => String(msg).includes("TRUSTED_PROXIES"));
  await gateway.post({ query: "{ __typename }" });
  expect(warnings()).toEqual([]);
  for (let index = 0; index < 3; index += 1) {
    await gateway.post({ query: "{ __typename }" }, { headers: { [header]: `203.0.113.${index}` } });
  }
  expect(warnings()).toMatchObject([{ level: 40, peer: "127.0.0.1", msg: expect.stringContaining("TRUSTED_PROXIES=127.0.0.1") }]);
  await gateway.close();
});

test("strangers who say where they come from keep no proxy from being told of: each is told once, and only a few of them", () => {
  const told: [string, boolean][] = [];
  const clientAddressOf = createClientAddressOf({
    trustedProxies: ["10.9.9.9"],
    onUnlistedProxy: (peer, isPrivate) => told.push([peer, isPrivate]),
  });
  const hear = (remoteAddress: string) =>
    clientAddressOf({ headers: { "x-forwarded-for": "203.0.113.1" }, socket: { remoteAddress } as Socket });
  for (let host = 1; host <= 100; host += 1) hear(`198.51.100.${host}`);
  expect(told).toHaveLength(8);
  expect(told.every(([peer, isPrivate]) => peer.startsWith("198.51.100.") && !isPrivate)).toBe(true);
  for (const proxy of ["10.0.0.5", "::ffff:10.0.0.5", "fd00::5", "10.9.9.9", "10.0.0.5"]) hear(proxy);
  expect(told.slice(8)).toEqual([
    ["10.0.0.5", true],
    ["fd00::5", true],
  ]);
  for (let host = 1; host <= 100; host += 1) hear(`192.168.0.${host}`);
  expect(told).toHaveLength(16);
});
