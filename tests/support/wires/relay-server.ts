import type { Server, Socket } from "node:net";

/** Where a relay in front of PostgreSQL is reached: the given address, but for its host and port. */
export interface RelayServer {
  readonly url: string;
  close(): Promise<void>;
}

/** On a free port. Its end is that of all its sockets, too. */
export async function listenAsRelay(server: Server, { target, sockets }: { target: string; sockets: Set<Socket> }): Promise<RelayServer> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const url = new URL(target);
  url.host = `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
  return {
    url: url.href,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
