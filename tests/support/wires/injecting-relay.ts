import { connect, createServer, type Socket } from "node:net";
import { listenAsRelay } from "./relay-server.ts";
import { splitMessages } from "./split-messages.ts";

/** A wire to PostgreSQL on which somebody writes messages in its name. */
export interface InjectingRelay {
  readonly url: string;
  /** One to each open connection, in turn, where PostgreSQL is saying nothing. */
  inject(messages: readonly Buffer[]): void;
  /** Once, on whichever connection PostgreSQL says so many messages from now on; 0: before the next one. */
  injectAfter(count: number, message: Buffer): void;
  connections(): number;
  close(): Promise<void>;
}

const READY = 0x5a;

export async function startInjectingRelay(target: string): Promise<InjectingRelay> {
  const address = new URL(target);
  const sockets = new Set<Socket>();
  const greeted = new Set<Socket>();
  let armed: { left: number; message: Buffer } | undefined;

  function pass(near: Socket, message: Buffer): void {
    if (near.destroyed) return;
    if (!greeted.has(near)) {
      near.write(message);
      if (message[0] === READY) greeted.add(near);
      return;
    }
    if (armed?.left === 0) {
      near.write(armed.message);
      armed = undefined;
    } else if (armed !== undefined) armed.left -= 1;
    near.write(message);
  }

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(address.port), host: address.hostname, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    near.on("data", (chunk) => far.write(chunk));
    far.on(
      "data",
      splitMessages((message) => pass(near, message)),
    );
    near.on("close", () => {
      greeted.delete(near);
      far.destroy();
    });
    far.on("close", () => near.end());
  });
  const listening = await listenAsRelay(server, { target, sockets });
  return {
    ...listening,
    inject(messages) {
      [...greeted].forEach((socket, index) => {
        const message = messages[index % messages.length];
        if (message !== undefined) socket.write(message);
      });
    },
    injectAfter(count, message) {
      armed = { left: count, message };
    },
    connections: () => greeted.size,
  };
}
