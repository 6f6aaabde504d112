import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export const brokenLiveSdl = "type Query { calm: String } type Subscription { ticks: Tick } type Tick { text: String! }";
const eventOf = (text: string) => ({ data: { ticks: { text } } });
const HUGE = "x".repeat(2_000_000);
const FILLER = "x".repeat(20_000);
/** A flood that nobody holds back ends here. */
const FLOOD_BYTES = 256 * 1024 * 1024;
/** Waiting at the sender: it is held back. */
const HELD_BYTES = 1024 * 1024;
/** Of the event loop, in none of which anything was taken. */
const HELD_TURNS = 100;

export interface Flood {
  /** That the other side, and all between, has taken. */
  takenBytes: number;
  isHeldBack: boolean;
}

/** Writes as much as is taken, in numbered events, until it is held back. */
function flood(state: Flood, send: (text: string) => void, waitingBytes: () => number): void {
  let sent = 0;
  let sentBytes = 0;
  let idleTurns = 0;
  Object.assign(state, { takenBytes: 0, isHeldBack: false });
  const timer = setInterval(() => {
    for (let index = 0; index < 100 && waitingBytes() < HELD_BYTES; index += 1) {
      send(`${sent} ${FILLER}`);
      sent += 1;
      sentBytes += FILLER.length;
    }
    const takenBytes = sentBytes - waitingBytes();
    idleTurns = takenBytes > state.takenBytes || waitingBytes() < HELD_BYTES ? 0 : idleTurns + 1;
    state.takenBytes = takenBytes;
    state.isHeldBack = idleTurns >= HELD_TURNS;
    if (sentBytes > FLOOD_BYTES) clearInterval(timer);
  }, 1);
  timer.unref();
}

type Tell = (text: string) => void;

/** What is done to a subscription over a WebSocket, after one event. */
const socketBehaviours = {
  dies: ({ socket }: { socket: WebSocket }) => socket.terminate(),
  "closes as if all were well": ({ socket }: { socket: WebSocket }) => socket.close(1000),
  "sends garbage": ({ socket }: { socket: WebSocket }) => socket.send("<html>"),
  "sends a message of no kind": ({ socket }: { socket: WebSocket }) => socket.send('{"type":"surprise"}'),
  "sends a result that is none": ({ socket, id }: { socket: WebSocket; id: string }) =>
    socket.send(JSON.stringify({ id, type: "next", payload: "garbage" })),
  "sends more than is allowed": ({ tell }: { tell: Tell }) => tell(HUGE),
} as const;

/** Over server-sent events, after one event. */
const streamBehaviours = {
  dies: (response: ServerResponse) => response.write(": farewell\n\n", () => response.destroy()),
  "ends without completing": (response: ServerResponse) => response.end(),
  "sends garbage": (response: ServerResponse) => response.write("event: next\ndata: <html>\n\n"),
  "sends more than is allowed": (response: ServerResponse) => response.write(`event: next\ndata: ${JSON.stringify(eventOf(HUGE))}\n\n`),
  "sends a line without end": (response: ServerResponse) => response.write(HUGE),
  "sends an event without end": (response: ServerResponse) => response.write("data: x\n".repeat(300_000)),
} as const;

/** What becomes of a subscription that has not begun. */
type Beginning = "well" | "no answer" | "no acknowledgement" | "refuses" | "deaf" | "flood" | "503" | "redirect";
export type SocketBehaviour = keyof typeof socketBehaviours | Beginning;
export type StreamBehaviour = keyof typeof streamBehaviours | Beginning;
export const socketFailures = Object.keys(socketBehaviours) as SocketBehaviour[];
export const streamFailures = Object.keys(streamBehaviours) as StreamBehaviour[];

export interface BrokenLiveUpstream {
  readonly url: string;
  behave(behaviour: SocketBehaviour | StreamBehaviour): void;
  /** How often it was asked, by path, since the last call. */
  takePaths(): string[];
  readonly flood: Flood;
  openSockets(): number;
  close(): Promise<void>;
}

/** Subscriptions over a WebSocket and over server-sent events, to both of which is done what it is told to. */
export async function startBrokenLiveUpstream(): Promise<BrokenLiveUpstream> {
  let current: SocketBehaviour | StreamBehaviour = "well";
  const paths: string[] = [];
  const sockets = new Set<Socket>();
  const state: Flood = { takenBytes: 0, isHeldBack: false };

  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    request.resume().on("end", () => stream(response, current as StreamBehaviour, state));
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const webSockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    paths.push(request.url ?? "");
    // Otherwise it would not see its other side go.
    if (current === "no answer" || current === "redirect" || current === "503")
      socket
        .on("error", () => undefined)
        .on("end", () => socket.end())
        .resume();
    if (current === "no answer") return;
    if (current === "redirect") return socket.end("HTTP/1.1 307 Moved\r\nLocation: /stolen\r\n\r\n");
    if (current === "503") return socket.end("HTTP/1.1 503 No\r\nConnection: close\r\n\r\n");
    webSockets.handleUpgrade(request, socket, head, (webSocket) => serveSocket(webSocket, current as SocketBehaviour, state));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    behave(behaviour) {
      current = behaviour;
    },
    takePaths: () => paths.splice(0),
    flood: state,
    openSockets: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function serveSocket(socket: WebSocket, behaviour: SocketBehaviour, state: Flood): void {
  socket.on("error", () => undefined);
  socket.on("message", (data) => {
    const { type, id } = JSON.parse(data.toString()) as { type: string; id: string };
    if (type === "connection_init" && behaviour !== "no acknowledgement") socket.send('{"type":"connection_ack"}');
    if (type !== "subscribe") return;
    const tell: Tell = (text) => socket.send(JSON.stringify({ id, type: "next", payload: eventOf(text) }));
    if (behaviour === "refuses") return socket.send(JSON.stringify({ id, type: "error", payload: refusal.errors }));
    if (behaviour === "flood") return flood(state, tell, () => socket.bufferedAmount);
    tell("first");
    if (behaviour === "deaf") return goDeaf(socket, tell);
    return (socketBehaviours as Record<string, (parts: { socket: WebSocket; id: string; tell: Tell }) => void>)[behaviour]?.({
      socket,
      id,
      tell,
    });
  });
}

/** Reads nothing more, a close included, and notices only by writing that nobody is there. */
function goDeaf(socket: WebSocket, tell: Tell): void {
  socket.pause();
  const timer = setInterval(() => tell("still here"), 50);
  socket.on("close", () => clearInterval(timer));
}

const refusal = { errors: [{ message: "no ticks today", extensions: { code: "NO_TICKS", stacktrace: ["secret.js"] } }] };

function stream(response: ServerResponse, behaviour: StreamBehaviour, state: Flood): unknown {
  if (behaviour === "no answer" || behaviour === "no acknowledgement") return;
  if (behaviour === "503") return response.writeHead(503).end("no");
  if (behaviour === "redirect") return response.writeHead(307, { location: "/stolen" }).end();
  if (behaviour === "refuses") return response.setHeader("content-type", "application/json").end(JSON.stringify(refusal));
  response.writeHead(200, { "content-type": "text/event-stream" });
  const tell: Tell = (text) => void response.write(`event: next\ndata: ${JSON.stringify(eventOf(text))}\n\n`);
  if (behaviour === "flood") return flood(state, tell, () => response.writableLength);
  tell("first");
  return (streamBehaviours as Record<string, (response: ServerResponse) => unknown>)[behaviour]?.(response);
}
