import type { Socket } from "node:net";
import { LostConnectionError } from "../lost-connection.ts";
import { notPostgres } from "./protocol-failure.ts";

/** One message of PostgreSQL: its letter, and what follows the length. */
export interface Message {
  readonly letter: string;
  readonly body: Buffer;
}

export interface MessageReader {
  nextMessage(): Promise<Message>;
  /** The one byte that answers a request for TLS. Rejects where more comes with it: that could not be what the server wrote. */
  nextByte(): Promise<string>;
  /** Stops reading; what has been read beyond the last message. */
  release(): Buffer;
}

/** Longer than anything that a server says before it lets anybody in. */
const MAXIMUM_BYTES = 1_000_000;

/** What the length says that stands after the letter; it counts itself. */
function lengthOf(held: Buffer): number {
  const length = held.readUInt32BE(1);
  if (length < 4 || length > MAXIMUM_BYTES) throw notPostgres();
  return length;
}

/** Reads what a server says while a connection is being opened. Rejects once the connection is lost. */
export function readMessages(socket: Socket): MessageReader {
  let held: Buffer = Buffer.alloc(0);
  let failure: Error | undefined;
  let wake: () => void = () => undefined;

  function onData(chunk: Buffer): void {
    held = Buffer.concat([held, chunk]);
    if (held.length > MAXIMUM_BYTES) onEnd(notPostgres());
    wake();
  }
  function onEnd(error?: unknown): void {
    failure ??= error instanceof Error ? error : new LostConnectionError("CONNECTION_CLOSED");
    wake();
  }
  const onClose = () => onEnd();
  socket.on("data", onData).on("error", onEnd).on("close", onClose);

  /** The next `length()` bytes, once they are there; undefined: not known yet. */
  async function take(length: () => number | undefined): Promise<Buffer> {
    for (;;) {
      const needed = length();
      if (needed !== undefined && held.length >= needed) {
        const taken = held.subarray(0, needed);
        held = held.subarray(needed);
        return taken;
      }
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    async nextMessage() {
      const message = await take(() => (held.length < 5 ? undefined : 1 + lengthOf(held)));
      return { letter: message.toString("latin1", 0, 1), body: message.subarray(5) };
    },
    async nextByte() {
      const byte = await take(() => 1);
      if (held.length > 0) throw notPostgres();
      return byte.toString("latin1");
    },
    release() {
      socket.off("data", onData).off("error", onEnd).off("close", onClose);
      return held;
    },
  };
}
