import DataLoader from "dataloader";
import type { AuditEvent } from "../auth/audit/audit-events.ts";
import type { Auth } from "../auth/auth.ts";
import type { Session } from "../auth/sessions/session-state.ts";

type Readers = Pick<Auth, "auditTrail" | "sessionLists">;

/** Only batched, never kept: a subscription's context outlives what was read. */
const options = { cache: false, maxBatchSize: 250 };

/**
 * What one request asks for many parents at once is fetched by one statement. Nothing is checked here: whoever asks has to know
 * that the viewer may see the answer. A class, and lazy, because every request has one, and most need none of it.
 */
export class Loaders {
  readonly #readers: Readers;
  #sessions: DataLoader<string, Session[]> | undefined;
  #events: Map<number, DataLoader<string, AuditEvent[]>> | undefined;

  constructor(readers: Readers) {
    this.#readers = readers;
  }

  liveSessionsOf(userId: string): Promise<Session[]> {
    this.#sessions ??= new DataLoader((userIds) => this.#readers.sessionLists.liveOfUsers(userIds), options);
    return this.#sessions.load(userId);
  }

  /** `first` must have been judged. */
  latestEventsOf(sessionId: string, first: number): Promise<AuditEvent[]> {
    this.#events ??= new Map();
    let loader = this.#events.get(first);
    if (loader === undefined) {
      loader = new DataLoader((sessionIds) => this.#readers.auditTrail.ofSessions(sessionIds, first), options);
      this.#events.set(first, loader);
    }
    return loader.load(sessionId);
  }
}
