import { once } from "node:events";
import { fastify } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createClientAddressOf } from "../src/http/client-address.ts";
import { originOf } from "../src/http/origin.ts";

const trusted = ["127.0.0.0/8", "10.0.0.0/8"];

const cases: readonly (readonly [forwardedFor: string | undefined, behindProxies: string | null])[] = [
  [undefined, "127.0.0.1"],
  ["203.0.113.80", "203.0.113.80"],
  ["203.0.113.80, 10.1.2.3", "203.0.113.80"],
  ["192.0.2.1, 203.0.113.81", "203.0.113.81"],
  ["10.0.0.9, 192.0.2.1, 203.0.113.81, 10.9.9.9", "203.0.113.81"],
  ["2001:db8:8:8::1", "2001:db8:8:8::1"],
  ["[2001:db8:8:8::1]:4711", "2001:db8:8:8::1"],
  ["nobody", null],
];

/** A server that says who asked: over HTTP as Fastify sees it, and in the close of a WebSocket as we do. */
function createWitness(trustedProxies: readonly string[]) {
  const app = fastify({ trustProxy: trustedProxies.length > 0 && [...trustedProxies] });
  const clientAddressOf = createClientAddressOf(trustedProxies);
  app.get("/", (request) => ({ address: originOf(request).ipAddress }));
  app.server.on("upgrade", (request, socket) => {
    const { ipAddress } = originOf({ ip: clientAddressOf(request), headers: request.headers });
    socket.end(`HTTP/1.1 418 Teapot\r\nx-address: ${ipAddress}\r\nconnection: close\r\n\r\n`);
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
