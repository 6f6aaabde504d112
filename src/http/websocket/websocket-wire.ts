import { CloseCode } from "graphql-ws";
import type { WebSocket } from "ws";
import { isNestedTooDeep } from "../graphql/json-bodies.ts";
import type { Wire } from "./websocket-connection.ts";

const MAXIMUM_WAITING_BYTES = 4 * 1024 * 1024;

/** Whether a client takes so little of what it asks for that it is to be cut off. */
export function isStuck(socket: WebSocket): boolean {
  return socket.bufferedAmount > MAXIMUM_WAITING_BYTES;
}

/** A `ws` socket for graphql-ws. Whatever strangers send ends in a close code, and nothing of it in a reason. */
export function createWire(socket: WebSocket, logUnexpected: (error: unknown) => void): Wire {
  const isOpen = () => socket.readyState === socket.OPEN;

  function close(code: number, reason: string): void {
    // Its reason would quote the client's id, of any length.
    socket.close(code, code === CloseCode.SubscriberAlreadyExists ? "Subscriber already exists" : reason);
  }

  function cutOffIfStuck(): void {
    if (isStuck(socket)) socket.terminate();
  }

  function fail(error: unknown): void {
    if (isAboutMessage(error)) {
      close(CloseCode.BadRequest, "Invalid message received");
      return;
    }
    logUnexpected(error);
    close(CloseCode.InternalServerError, "Internal server error");
  }

  // What `ws` refuses (too long, no UTF-8, against the protocol) it has closed already, with the code for it.
  socket.on("error", () => undefined);
  socket.on("ping", cutOffIfStuck);
  return {
    protocol: socket.protocol,
    isOpen,
    close,
    send: (data) =>
      new Promise((resolve) => {
        if (!isOpen()) return resolve();
        socket.send(data, () => resolve());
        return cutOffIfStuck();
      }),
    onMessage(handle) {
      socket.on("message", (data, isBinary) => {
        cutOffIfStuck();
        // Frames keep coming while the socket closes.
        if (!isOpen()) return;
        const text = data.toString();
        if (isBinary || isNestedTooDeep(text)) return close(CloseCode.BadRequest, "Invalid message received");
        handle(text).catch(fail);
      });
    },
  };
}

/** A message that only servers send; graphql-ws throws at it. */
function isAboutMessage(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Unexpected message of type");
}
