import { connect, createServer, type Socket } from "node:net";

/** A wire to PostgreSQL that can be made to lose answers. */
export interface TcpProxy {
  /** The given address, through the proxy. */
  readonly url: string;
  /** From now on, what PostgreSQL sends does not arrive. What is sent to it does. */
  holdAnswers(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const address = new URL(target);
  const sockets = new Set<Socket>();
  let isHolding = false;
  const server = createServer((near) => {
    const far = connect(Number(address.port || 5432), address.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    near.pipe(far);
    far.on("data", (chunk) => {
      if (!isHolding) near.write(chunk);
    });
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const url = new URL(target);
  url.host = `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
  return {
    url: url.href,
    holdAnswers() {
      isHolding = true;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
