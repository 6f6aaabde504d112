import { connect, createServer, type Socket } from "node:net";
import { listenAsRelay } from "./relay-server.ts";
import { splitMessages } from "./split-messages.ts";

/** A wire to PostgreSQL that resets connections after a message of the server. */
export interface ResettingRelay {
  readonly url: string;
  /** Each connection from now on is reset once so many messages of the server have arrived; undefined: none is. */
  resetAfter(messages: number | undefined): void;
  /** How many messages the longest connection has had since that was last said. */
  longest(): number;
  resets(): number;
  close(): Promise<void>;
}

export async function startResettingRelay(target: string): Promise<ResettingRelay> {
  const address = new URL(target);
  const sockets = new Set<Socket>();
  let limit: number | undefined;
  let longest = 0;
  let resets = 0;

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(address.port), host: address.hostname, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    let seen = 0;
    const ownLimit = limit;
    function reset(): void {
      resets += 1;
      near.resetAndDestroy();
      far.destroy();
    }
    if (ownLimit === 0) near.once("data", reset);
    near.on("data", (chunk) => far.write(chunk));
    far.on(
      "data",
      splitMessages((message) => {
        if (near.destroyed) return;
        near.write(message);
        seen += 1;
        longest = Math.max(longest, seen);
        // What was written is to arrive, and then the reset.
        if (seen === ownLimit) setImmediate(reset);
        if (ownLimit !== undefined && seen >= ownLimit) far.pause();
      }),
    );
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  const listening = await listenAsRelay(server, { target, sockets });
  return {
    ...listening,
    resetAfter(messages) {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
      limit = messages;
      longest = 0;
      resets = 0;
    },
    longest: () => longest,
    resets: () => resets,
  };
}
