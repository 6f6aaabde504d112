import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";

/** What publishes keys: a JWKS, and whatever else is put on a path. */
export interface KeyServer {
  readonly url: string;
  /** The paths that were asked for, in their order. */
  readonly asked: readonly string[];
  /** What the path answers from now on: JSON, or what the function writes. */
  answer(path: string, content: unknown | ((response: ServerResponse) => void)): void;
  close(): Promise<void>;
}

/** On a free port, or on the one given. */
export async function startKeyServer(port = 0): Promise<KeyServer> {
  const contents = new Map<string, unknown>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const content = contents.get(path);
    if (typeof content === "function") return content(response);
    const status = content === undefined ? 404 : 200;
    return response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content ?? {}));
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  return {
    url: `http://127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`,
    asked,
    answer: (path, content) => void contents.set(path, content),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
