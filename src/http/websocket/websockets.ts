import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { handleProtocols } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { AllowedOrigins } from "../browsers/allowed-origins.ts";
import type { SecurityHeaders } from "../browsers/security-headers.ts";
import type { ClientAddressOf } from "../client-address.ts";
import { clientInfoOf } from "../client-info.ts";
import type { GraphqlEndpointParts } from "../graphql/graphql-endpoint.ts";
import type { RequestObserver } from "../observe-requests.ts";
import type { UnfinishedAnswers } from "../unfinished-answers.ts";
import { createSocketCallers } from "./websocket-callers.ts";
import { type ConnectionParts, serveConnection } from "./websocket-connection.ts";
import { asksForWebSocket, ignoreUpgrade, refusedUpgrade, refuseUpgrade } from "./websocket-upgrade.ts";
import { createWire, isStuck } from "./websocket-wire.ts";

const MAXIMUM_MESSAGE_BYTES = 100 * 1024;
const KEEP_ALIVE_MILLISECONDS = 12_000;
/** Milliseconds that a client has to answer a close. Missing from the types of `ws`. */
const closing = { closeTimeout: 2000 };
const CLOSED_GOING_AWAY = 1001;
/** RFC 6455, section 4.4: for whoever asks for another one. */
const spokenVersion = { "sec-websocket-version": "13" };

export interface WebSocketParts extends GraphqlEndpointParts {
  logUnexpected(error: unknown, requestId: string): void;
  readonly requestObserver: Pick<RequestObserver, "watchSockets">;
}

export interface WebSocketOptions {
  readonly allowed: AllowedOrigins;
  /** The headers of answers to clients that get no socket. */
  readonly securityHeaders: SecurityHeaders;
  readonly clientAddressOf: ClientAddressOf;
  readonly answers: UnfinishedAnswers;
}

/** `/graphql` as a WebSocket (graphql-transport-ws), beside the same path over HTTP. */
export function serveWebSockets(app: FastifyInstance, parts: WebSocketParts, options: WebSocketOptions): void {
  const { auth, logUnexpected } = parts;
  const logFailure = (error: unknown) => logUnexpected(error, "websocket");
  const callers = createSocketCallers({ ...auth, clock: parts.clock }, logFailure);
  const connectionParts: ConnectionParts = { ...parts, callers };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAXIMUM_MESSAGE_BYTES, handleProtocols: chooseProtocol, ...closing });
  parts.requestObserver.watchSockets(() => sockets.clients.size);
  const keepAlive = keepSocketsAlive(sockets);
  sockets.on("wsClientError", (_error, socket) => refuseUpgrade(socket, 400, { ...options.securityHeaders, ...spokenVersion }));

  function accept(socket: WebSocket, request: IncomingMessage): void {
    const { headers } = request;
    const opening = { client: clientInfoOf(options.clientAddressOf(request), headers), headers };
    const closed = serveConnection(connectionParts, createWire(socket, logFailure), opening);
    socket.once("close", (code, reason) => void closed(code, reason.toString()).catch(logFailure));
  }

  app.server.on("upgrade", (request, socket, head) => {
    // Pipelined, which no browser does. Node hands over an upgrade as soon as it is read: answers under way would be written into the
    // socket.
    if (options.answers.has(socket)) return socket.destroy();
    if (!asksForWebSocket(request)) return ignoreUpgrade(app.server, { request, socket, head });
    const status = refusedUpgrade(request, options.allowed);
    if (status !== undefined) return refuseUpgrade(socket, status, options.securityHeaders);
    return sockets.handleUpgrade(request, socket, head, accept);
  });
  // Before the server stops listening: it would wait for them.
  app.addHook("preClose", async () => {
    clearInterval(keepAlive);
    callers.stop();
    for (const socket of sockets.clients) socket.close(CLOSED_GOING_AWAY, "Going away");
    await new Promise<void>((resolve) => sockets.close(() => resolve()));
  });
}

/**
 * A client whose protocol is not named in the answer gives up by itself (1006), without learning why: so an unknown one is named, and
 * closed with 4406 by graphql-ws.
 */
function chooseProtocol(offered: Set<string>): string | false {
  const [first = false] = offered;
  return handleProtocols(offered) || first;
}

/** Finds connections that are dead: by a ping without an answer, or, where pings are answered and nothing else is taken, by what waits. */
function keepSocketsAlive(sockets: WebSocketServer): NodeJS.Timeout {
  const silent = new WeakSet<WebSocket>();
  const timer = setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket) || isStuck(socket)) {
        socket.terminate();
        continue;
      }
      silent.add(socket);
      socket.once("pong", () => silent.delete(socket));
      socket.ping();
    }
  }, KEEP_ALIVE_MILLISECONDS);
  return timer.unref();
}
