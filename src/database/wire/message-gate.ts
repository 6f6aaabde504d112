import type { Conversation } from "./conversation.ts";
import { isPossibleHeader, isWellFormed } from "./message-shapes.ts";

const HEADER_BYTES = 5;

export interface MessageGateParts {
  readonly conversation: Conversation;
  /** Whole messages, each of which is what it should be and may come now. */
  readonly pass: (messages: Buffer) => void;
  /** Something else has come. Nothing passes any more. */
  readonly refuse: () => void;
}

/**
 * Takes what comes from a server in pieces of any size, and looks at every message before the driver does, which takes each for what its
 * letter says. What came whole passes as it came, without being copied.
 */
export function createMessageGate({ conversation, pass, refuse }: MessageGateParts): (chunk: Buffer) => void {
  /** The beginning of a message, in pieces. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  let neededBytes = 0;
  let isShut = false;

  function hold(piece: Buffer): void {
    held.push(piece);
    heldBytes += piece.length;
  }

  function take(): Buffer {
    const bytes = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held, heldBytes);
    held = [];
    heldBytes = 0;
    return bytes;
  }

  function read(bytes: Buffer): void {
    let at = 0;
    neededBytes = 0;
    while (!isShut && bytes.length - at >= HEADER_BYTES) {
      const letter = bytes[at] ?? 0;
      const length = bytes.readUInt32BE(at + 1);
      const end = at + 1 + length;
      isShut = !isPossibleHeader(letter, length);
      if (end > bytes.length) {
        isShut ||= !conversation.mayHear(letter);
        neededBytes = 1 + length;
        break;
      }
      isShut ||= !(isWellFormed(letter, bytes, at + HEADER_BYTES, end) && conversation.hear(letter));
      if (!isShut) at = end;
    }
    if (at > 0) pass(at === bytes.length ? bytes : bytes.subarray(0, at));
    if (isShut) refuse();
    else if (at < bytes.length) hold(bytes.subarray(at));
  }

  return (chunk) => {
    if (isShut) return;
    if (heldBytes === 0) return read(chunk);
    hold(chunk);
    if (heldBytes >= Math.max(HEADER_BYTES, neededBytes)) read(take());
  };
}
