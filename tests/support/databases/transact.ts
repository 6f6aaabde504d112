import { createAudit, type News } from "../../../src/auth/audit/audit.ts";
import { createTransact, type Transact } from "../../../src/auth/work/unit-of-work.ts";
import type { Clock } from "../../../src/core/clock.ts";
import type { Random } from "../../../src/core/random.ts";
import type { Database } from "../../../src/database/database.ts";
import { createOutbox, createPayloads } from "../../../src/outbox/outbox.ts";

interface Messages {
  /** What they are sealed with. */
  readonly secret: string;
  readonly messagesOf: News["messagesOf"];
}

const toNobody: Messages = { secret: "of messages that nobody reads", messagesOf: () => undefined };

/** As in a process that serves nobody and keeps no log. Takes nothing of the runner of tests, so that other processes can use it, too. */
export function createTestTransact(
  { database, clock, random }: { database: Database; clock: Clock; random: Random },
  { secret, messagesOf }: Messages = toNobody,
): Transact {
  const outbox = createOutbox({ payloads: createPayloads([secret]), clock, random });
  const audit = createAudit({ database, clock, random, log: () => undefined, news: { outbox, messagesOf } });
  return createTransact({ database, audit, outbox, clock, apply: () => undefined });
}
