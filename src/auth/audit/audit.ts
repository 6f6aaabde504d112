import type { ClientInfo } from "../../core/client-info.ts";
import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import type { Database, Transaction } from "../../database/database.ts";
import type { Outbox } from "../../outbox/outbox.ts";
import type { NewMessage } from "../../outbox/outbox-messages.ts";
import type { OutboxRow } from "../../outbox/outbox-store.ts";
import { auditEventTable } from "./audit-event-table.ts";
import type { AuditEvent } from "./audit-events.ts";
import { insertAuditEvents } from "./audit-store.ts";

export type AuditFacts = Pick<AuditEvent, "type"> &
  Partial<Pick<AuditEvent, "userId" | "actorId" | "sessionId" | "succeeded" | "detail">> & {
    /** The user whom hooks and webhooks are told of where the event has a pseudonym. Neither kept nor logged. */
    readonly toldAs?: string;
  };

/** Where announced events go: the process log. */
export type AuditLog = (level: "info" | "warn", event: AuditEvent) => void;

/** What others are told of events, in the transactions that write them. */
export interface News {
  readonly outbox: Outbox;
  /** Undefined where nobody wants to know of this type; none where this event is no news. */
  messagesOf(event: AuditEvent): readonly NewMessage[] | undefined;
}

export interface Audit {
  /** Completes an event without writing it, for statements that insert it themselves, and its news with it. */
  compose(facts: AuditFacts, client: ClientInfo): AuditEvent;
  newsOf(event: AuditEvent): readonly OutboxRow[];
  /** Tells the log. To be called after the commit: `Transact` and `record` do so; whoever inserts a composed event has to. */
  announce(event: AuditEvent): void;
  /** Writes events in a transaction, and the messages about them. Announce them once it is committed: `Transact` does. */
  write(tx: Transaction, facts: readonly AuditFacts[], client: ClientInfo): Promise<readonly AuditEvent[]>;
  /** Records an event without a change, of which no message is sent: written by one statement, and announced. */
  record(facts: AuditFacts, client: ClientInfo): Promise<void>;
}

export interface AuditParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: AuditLog;
  /** Absent: nobody else is told. */
  readonly news?: News;
}

/** So many are told of at a time: one order may end a hundred thousand sessions, and sealing their news must not keep requests waiting. */
const NEWS_AT_A_TIME = 500;

export function createAudit(parts: AuditParts): Audit {
  const { database, clock, random, log, news } = parts;

  function compose(facts: AuditFacts, { ipAddress, userAgent, requestId }: ClientInfo): AuditEvent {
    const { type, userId = null, actorId = null, sessionId = null, succeeded = true, detail = null } = facts;
    const occurredAt = clock();
    const id = random.id(occurredAt);
    const event = { id, type, occurredAt, userId, actorId, sessionId, ipAddress, userAgent, succeeded, detail };
    return requestId === undefined ? event : { ...event, requestId };
  }

  function announce(event: AuditEvent): void {
    log(auditEventTable[event.type].level, event);
  }

  async function tell(tx: Transaction, { outbox, messagesOf }: News, events: readonly AuditEvent[]): Promise<void> {
    for (let index = 0; index < events.length; index += NEWS_AT_A_TIME) {
      const messages = events.slice(index, index + NEWS_AT_A_TIME).map(messagesOf);
      // Also where there are none: a registration must not take fewer statements where the address turns out to be known.
      if (messages.some((each) => each !== undefined))
        await outbox.add(
          tx,
          messages.flatMap((each) => each ?? []),
        );
    }
  }

  return {
    compose,
    newsOf: (event) => (news === undefined ? [] : news.outbox.compose(news.messagesOf(event) ?? [])),
    announce,
    async write(tx, facts, client) {
      const events = facts.map((each) => compose(each, client));
      await insertAuditEvents(tx, events);
      if (news !== undefined) await tell(tx, news, unmask(events, facts));
      return events;
    },
    async record(facts, client) {
      const event = compose(facts, client);
      await insertAuditEvents(database, [event]);
      announce(event);
    },
  };
}

function unmask(events: readonly AuditEvent[], facts: readonly AuditFacts[]): readonly AuditEvent[] {
  return events.map((event, index) => {
    const userId = facts[index]?.toldAs;
    return userId === undefined ? event : { ...event, userId };
  });
}
