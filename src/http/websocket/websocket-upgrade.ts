import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type AllowedOrigins, isAllowedOrigin } from "../browsers/allowed-origins.ts";
import type { SecurityHeaders } from "../browsers/security-headers.ts";
import { writeHead } from "../client-errors.ts";
import { isAmbiguous } from "../graphql/bearer-token.ts";

/** The status of a request for a WebSocket that gets none. */
export function refusedUpgrade(request: IncomingMessage, allowed: AllowedOrigins): 400 | 403 | 404 | undefined {
  if (request.url?.split("?")[0] !== "/graphql") return 404;
  if (isAmbiguous(request.headers.authorization)) return 400;
  // Browsers let any page open a socket to anywhere, and say whose page it is. Other clients send no origin.
  const { origin, host } = request.headers;
  return origin === undefined || isAllowedOrigin(origin, host, allowed) ? undefined : 403;
}

export function refuseUpgrade(socket: Duplex, status: number, headers: SecurityHeaders): void {
  socket.on("error", () => undefined);
  socket.end(writeHead(status, { ...headers, connection: "close", "content-length": 0 }), () => socket.destroy());
}

/** Whether a request asks for a WebSocket. Some clients offer HTTP/2 with every request. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return (headers.upgrade ?? "").split(",").some((protocol) => protocol.trim().toLowerCase() === "websocket");
}

/**
 * Answers a request as if it had asked for no upgrade (RFC 9110, section 7.8: it may be ignored). Node hands over every request with
 * one as soon as anybody listens for them, its body unread; so it is put back in front of the rest, without the offer.
 */
export function ignoreUpgrade(server: Server, { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer }): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = "", value = ""] = request.rawHeaders.slice(index, index + 2);
    if (!["upgrade", "connection", "http2-settings"].includes(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  if (/\bclose\b/i.test(request.headers.connection ?? "")) lines.push("connection: close");
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}
