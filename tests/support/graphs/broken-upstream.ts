import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const nested = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;

/** What a server may do to a request, by name. */
const behaviours = {
  well: (response: ServerResponse) => response.end(JSON.stringify({ data: { item: { name: "good", tags: ["a"] }, note: "note" } })),
  "with a byte order mark": (response: ServerResponse) => response.end(`\ufeff${JSON.stringify({ data: { note: "note" } })}`),
  silent: () => undefined,
  trickling(response: ServerResponse) {
    response.write('{"data":{"item":');
    const timer = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(timer));
  },
  garbage: (response: ServerResponse) => response.end("<html>It works!</html>"),
  "no GraphQL": (response: ServerResponse) => response.end('["data"]'),
  "empty object": (response: ServerResponse) => response.end("{}"),
  "502 of a proxy": (response: ServerResponse) => response.writeHead(502).end('{"errors":[{"message":"bad gateway of 10.0.0.7"}]}'),
  "10 MB": (response: ServerResponse) => response.end(JSON.stringify({ data: { item: { name: "x".repeat(10_000_000) } } })),
  "cut short": (response: ServerResponse) =>
    response.writeHead(200, { "content-length": 1000 }).write('{"data":', () => response.destroy()),
  reset: (response: ServerResponse) => response.destroy(),
  redirect: (response: ServerResponse) => response.writeHead(307, { location: "/stolen" }).end(),
  "wrong shapes": (response: ServerResponse) => response.end(JSON.stringify({ data: { item: "no object", note: { no: "string" } } })),
  "null where none may be": (response: ServerResponse) =>
    response.end(JSON.stringify({ data: { item: { name: null, tags: null }, note: "note" } })),
  "more than was asked for": (response: ServerResponse) =>
    response.end(
      JSON.stringify({
        data: { item: { name: "good", secret: "leaked", tags: ["a"] }, note: "note", admin: "leaked" },
        extensions: { debug: "leaked" },
      }),
    ),
  "errors of its own": (response: ServerResponse) =>
    response.end(
      JSON.stringify({
        data: { item: null, note: "note" },
        errors: [{ message: "out of stock", path: ["item"], extensions: { code: "OUT_OF_STOCK", stacktrace: ["at secret.js"] } }],
      }),
    ),
  "errors without end": (response: ServerResponse) =>
    response.end(JSON.stringify({ data: { item: null, note: "note" }, errors: Array.from({ length: 20_000 }, () => ({ message: "m" })) })),
  "a path without end": (response: ServerResponse) =>
    response.end(
      JSON.stringify({
        data: { item: { name: null }, note: "note" },
        errors: [{ message: "far away", path: ["item", ...new Array(100_000).fill(0)] }],
      }),
    ),
  "values nested without end": (response: ServerResponse) =>
    response.end(
      `{"data":{"item":null,"note":"note","blob":${nested}},
        "errors":[{"message":"m","path":["item"],"extensions":{"code":"DEEP","more":${nested}}}]}`,
    ),
} as const;

export type Behaviour = keyof typeof behaviours;
export const brokenSdl =
  "scalar Blob type Query { item: Item, note: String, other: String!, blob: Blob } type Item { name: String!, tags: " +
  "[String!] } type Mutation { change: String }";

export interface BrokenUpstream {
  readonly url: string;
  behave(behaviour: Behaviour): void;
  /** Paths of all requests since the last call. */
  takePaths(): string[];
  openSockets(): Promise<number>;
  close(): Promise<void>;
}

/** A server that does to every request what it is told to. */
export async function startBrokenUpstream(): Promise<BrokenUpstream> {
  let current: Behaviour = "well";
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    response.setHeader("content-type", "application/json");
    request.resume().on("end", () => behaviours[current](response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    behave(behaviour) {
      current = behaviour;
    },
    takePaths: () => paths.splice(0),
    openSockets: () => new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count)))),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
