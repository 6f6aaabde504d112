import { connect, createServer, type Socket } from "node:net";
import { listenAsRelay } from "./relay-server.ts";

/** A wire to PostgreSQL that can be made to lose answers, cut, and laid to another server. */
export interface TcpProxy {
  /** The given address, through the proxy. */
  readonly url: string;
  /** From now on, what PostgreSQL sends does not arrive. What is sent to it does. */
  holdAnswers(): void;
  /** Open connections are silent for ever, in both directions, and are not closed; new ones go to the given server. */
  vanish(target?: string): void;
  /** New connections are taken, and never answered. */
  hang(): void;
  /** Cuts every connection, and every new one at once: as if no server were running. */
  cut(): void;
  /** Undoes both, for new connections; to another server, if one is given. */
  restore(target?: string): void;
  close(): Promise<void>;
}

/** With `answers`, everything is cut when so many pieces of answers have come, the last of them unheard, and nothing listens any more. */
export async function startTcpProxy(target: string, { answers = Number.POSITIVE_INFINITY } = {}): Promise<TcpProxy> {
  let answersLeft = answers;
  let address = new URL(target);
  const sockets = new Set<Socket>();
  let isHolding = false;
  let isCut = false;
  let isHanging = false;
  let era = 0;
  const server = createServer({ noDelay: true }, (near) => {
    if (isCut) return void near.destroy();
    const begunIn = era;
    const isSilent = () => begunIn !== era;
    if (isHanging) {
      sockets.add(near);
      near.on("error", () => undefined).resume();
      return;
    }
    const far = connect({ port: Number(address.port || 5432), host: address.hostname, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    near.on("data", (chunk) => {
      if (!isSilent()) far.write(chunk);
    });
    far.on("data", (chunk) => {
      answersLeft -= 1;
      if (answersLeft <= 0) {
        server.close();
        cut();
      } else if (!isHolding && !isSilent()) near.write(chunk);
    });
    near.on("close", () => far.destroy());
    far.on("close", () => {
      if (!isSilent()) near.destroy();
    });
  });
  function cut(): void {
    isCut = true;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  }
  const listening = await listenAsRelay(server, { target, sockets });
  return {
    ...listening,
    holdAnswers() {
      isHolding = true;
    },
    cut,
    vanish(to) {
      era += 1;
      address = new URL(to ?? address);
    },
    hang() {
      isHanging = true;
    },
    restore(to) {
      address = new URL(to ?? address);
      isCut = false;
      isHanging = false;
      isHolding = false;
    },
  };
}
