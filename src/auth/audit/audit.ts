import type { Database, Transaction } from "../../database/database.ts";
import type { Clock } from "../clock.ts";
import type { Origin } from "../origin.ts";
import type { Random } from "../random.ts";
import { type AuditEvent, securityEvents } from "./audit-events.ts";
import { insertAuditEvents } from "./audit-store.ts";

export type AuditFacts = Pick<AuditEvent, "type"> & Partial<Pick<AuditEvent, "userId" | "actorId" | "sessionId" | "succeeded" | "detail">>;

/** Where announced events go: the process log. */
export type AuditLog = (level: "info" | "warn", event: AuditEvent) => void;

export interface Audit {
  /** Completes an event without writing it, for statements that insert it themselves. */
  compose(facts: AuditFacts, origin: Origin): AuditEvent;
  /** Tells the log; to be called once the event is committed. */
  announce(event: AuditEvent): void;
  /** An entry that tells of no change: written by one statement, and announced. */
  record(facts: AuditFacts, origin: Origin): Promise<void>;
  /** One transaction whose `record` writes entries in it; they are announced after the commit, or never. */
  transaction<Result>(origin: Origin, work: (tx: Transaction, record: Recorder) => Promise<Result>): Promise<Result>;
}
export type Recorder = (facts: AuditFacts | readonly AuditFacts[]) => Promise<void>;

export function createAudit(parts: { database: Database; clock: Clock; random: Random; log: AuditLog }): Audit {
  const { database, clock, random, log } = parts;

  function compose(facts: AuditFacts, { ipAddress, userAgent, requestId }: Origin): AuditEvent {
    const { type, userId = null, actorId = null, sessionId = null, succeeded = true, detail = null } = facts;
    const occurredAt = clock();
    const id = random.id(occurredAt);
    const event = { id, type, occurredAt, userId, actorId, sessionId, ipAddress, userAgent, succeeded, detail };
    return requestId === undefined ? event : { ...event, requestId };
  }

  function announce(event: AuditEvent): void {
    log(securityEvents.has(event.type) ? "warn" : "info", event);
  }

  return {
    compose,
    announce,
    async record(facts, origin) {
      const event = compose(facts, origin);
      await insertAuditEvents(database, [event]);
      announce(event);
    },
    async transaction(origin, work) {
      const recorded: AuditEvent[] = [];
      const result = await database.transaction((tx) =>
        work(tx, async (facts) => {
          const events = [facts].flat().map((each) => compose(each, origin));
          await insertAuditEvents(tx, events);
          // One by one: there may be more than fit on the stack as arguments.
          for (const event of events) recorded.push(event);
        }),
      );
      recorded.forEach(announce);
      return result;
    },
  };
}
