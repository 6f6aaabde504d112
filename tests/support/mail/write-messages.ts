import { createSecureRandom } from "../../../src/core/random.ts";
import type { Database } from "../../../src/database/database.ts";
import { openDatabase } from "../../../src/database/open-database.ts";
import { createOutbox, createPayloads } from "../../../src/outbox/outbox.ts";
import type { NewMessage } from "../../../src/outbox/outbox-messages.ts";
import type { TestClock } from "../clock.ts";
import { TEST_SECRET } from "../gateway.ts";
import { SCHEMA } from "../raw-client.ts";

export interface MessageWriter {
  readonly database: Database;
  /** In a transaction of their own. Their ids, in order. */
  write(...messages: readonly (Partial<NewMessage> | undefined)[]): Promise<string[]>;
  /** In a transaction that is rolled back. */
  writeAndRollBack(message: Partial<NewMessage>): Promise<void>;
  close(): Promise<void>;
}

/** Writes to the outbox as the domain does; what is not said of a message is a verification for Ada, good for a day. */
export function openMessageWriter(url: string, clock: TestClock, secret: string = TEST_SECRET): MessageWriter {
  const { database, close } = openDatabase({ url, schema: SCHEMA, poolSize: 2 });
  const outbox = createOutbox({ payloads: createPayloads([secret]), clock: clock.now, random: createSecureRandom() });
  const complete = (message: Partial<NewMessage> = {}) =>
    ({
      channel: "email",
      to: "ada@example.com",
      content: { template: "verify_email", facts: { link: "https://auth.test/account/verify-email#token=abc", code: "123456" } },
      userId: null,
      expiresAt: new Date(clock.now().getTime() + 86_400_000),
      ...message,
    }) as NewMessage;
  return {
    database,
    async write(...messages) {
      const before = clock.now();
      await database.transaction((tx) => outbox.add(tx, messages.map(complete)));
      const rows = await database.$sql<{ id: string }[]>`
        select id from ${database.$tables.outbox} where created_at >= ${before.toISOString()}::timestamptz order by id`;
      return rows.slice(-messages.length).map(({ id }) => id);
    },
    async writeAndRollBack(message) {
      const roll = new Error("rolled back");
      await database
        .transaction(async (tx) => {
          await outbox.add(tx, [complete(message)]);
          throw roll;
        })
        .catch((error: unknown) => {
          if (error !== roll) throw error;
        });
    },
    close,
  };
}
