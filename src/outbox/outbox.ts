import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import { createSealing } from "../core/sealing.ts";
import type { Transaction } from "../database/database.ts";
import { isAwaited, type Message, type NewMessage, topicOf } from "./outbox-messages.ts";
import { insertMessages, type OutboxRow } from "./outbox-store.ts";

/** Takes messages to send. A message is sent if and only if the transaction that writes it commits. */
export interface Outbox {
  /** Completes messages without writing them, for statements that insert them themselves. */
  compose(messages: readonly NewMessage[]): OutboxRow[];
  /** One statement, also where there are none: so nobody can tell by the time what was written. */
  add(tx: Transaction, messages: readonly NewMessage[]): Promise<void>;
}

export interface OutboxParts {
  readonly payloads: Payloads;
  readonly clock: Clock;
  readonly random: Random;
}

export function createOutbox({ payloads, clock, random }: OutboxParts): Outbox {
  function compose(messages: readonly NewMessage[]): OutboxRow[] {
    const createdAt = clock();
    return messages.map(({ userId, expiresAt, ...message }) => {
      const id = random.id(createdAt);
      const { channel } = message;
      const facts = { topic: topicOf(message), awaited: isAwaited(message), encryptedPayload: payloads.seal(message, id) };
      return { id, channel, userId, createdAt, expiresAt, ...facts };
    });
  }

  return { compose, add: (tx, messages) => insertMessages(tx, compose(messages)) };
}

/** Messages as the outbox keeps them. */
export interface Payloads {
  seal(message: Message, id: string): Buffer;
  /** The message; undefined where no secret of ours opens it. */
  open(sealed: Buffer, id: string): Message | undefined;
}

export function createPayloads(secrets: readonly [string, ...string[]]): Payloads {
  const sealing = createSealing(secrets, "graphql-auth-gateway outbox v1");
  return {
    seal: (message, id) => sealing.seal(Buffer.from(JSON.stringify(message)), id),
    open(sealed, id) {
      const opened = sealing.open(sealed, id);
      return opened && (JSON.parse(opened.content.toString()) as Message);
    },
  };
}
