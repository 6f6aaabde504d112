import DataLoader from "dataloader";
import type { AuditEvent } from "../auth/audit/audit-events.ts";
import type { Auth } from "../auth/auth.ts";
import type { Session } from "../auth/sessions/session-state.ts";
import type { Account } from "../auth/users/account-store.ts";
import { badInput } from "../core/input-problems.ts";

type Readers = Pick<Auth, "auditTrail" | "directory" | "sessionLists">;

/** Rows that one request may have read by way of nested lists: aliases and lists within lists multiply. */
const MAXIMUM_ROWS = 20_000;

/** Objects that a request may ask for by their ids. Gateways send those of a page at once, and the ids of one body are near this number. */
const MAXIMUM_ENTITIES = 1000;

/** Only batched, never kept: a subscription's context outlives what was read. */
const options = { cache: false, maxBatchSize: 250 };
/** A row each, by its primary key. */
const entityOptions = { ...options, maxBatchSize: MAXIMUM_ENTITIES };

/**
 * What one request asks for many parents at once is fetched by one statement. Nothing is checked here: whoever asks has to know
 * that the viewer may see the answer. A class, and lazy, because every request has one, and most need none of it.
 */
export class Loaders {
  readonly #readers: Readers;
  #sessions: DataLoader<string, Session[]> | undefined;
  #rowsLeft = MAXIMUM_ROWS;
  #entitiesLeft = MAXIMUM_ENTITIES;
  #accounts: DataLoader<string, Account | undefined> | undefined;
  #sessionsById: DataLoader<string, Session | undefined> | undefined;
  #events: Map<number, DataLoader<string, AuditEvent[]>> | undefined;

  constructor(readers: Readers) {
    this.#readers = readers;
  }

  async liveSessionsOf(userId: string): Promise<Session[]> {
    this.#spend(1);
    this.#sessions ??= new DataLoader((userIds) => this.#readers.sessionLists.liveOfUsers(userIds), options);
    const sessions = await this.#sessions.load(userId);
    this.#spend(sessions.length);
    return sessions;
  }

  /** `first` must have been judged; `asking` is the session of the request. */
  async latestEventsOf(sessionId: string, first: number, asking: string | undefined): Promise<AuditEvent[]> {
    this.#spend(first);
    this.#events ??= new Map();
    let loader = this.#events.get(first);
    if (loader === undefined) {
      loader = new DataLoader((sessionIds) => this.#readers.auditTrail.ofSessions(sessionIds, first, asking), options);
      this.#events.set(first, loader);
    }
    return loader.load(sessionId);
  }

  /** Admits that many objects before they are found by their ids. Throws BAD_USER_INPUT where the request asks for too many. */
  admitEntities(count: number): void {
    this.#entitiesLeft -= count;
    if (this.#entitiesLeft < 0)
      throw badInput({ request: `Asks for more than ${MAXIMUM_ENTITIES} objects by their ids; send fewer at once.` });
  }

  accountOf(id: string): Promise<Account | undefined> {
    this.#accounts ??= new DataLoader((ids) => this.#readers.directory.findMany(ids), entityOptions);
    return this.#accounts.load(id);
  }

  sessionOf(id: string): Promise<Session | undefined> {
    this.#sessionsById ??= new DataLoader((ids) => this.#readers.sessionLists.findMany(ids), entityOptions);
    return this.#sessionsById.load(id);
  }

  #spend(rows: number): void {
    this.#rowsLeft -= rows;
    if (this.#rowsLeft < 0)
      throw badInput({ request: `Asks for more than ${MAXIMUM_ROWS} rows in nested lists; ask for fewer, or less often.` });
  }
}
