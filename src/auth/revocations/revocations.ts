import { addSeconds, type Clock } from "../../core/clock.ts";
import { withDeadline } from "../../core/deadline.ts";
import type { Database, Transaction } from "../../database/database.ts";
import type { Revocable, Revocation } from "./revocation.ts";
import type { RevocationFeed } from "./revocation-feed.ts";
import { createRevocationMemory, type RevocationMemory } from "./revocation-memory.ts";
import { createTokenLookUp, insertRevocation } from "./revocation-store.ts";

/** By how much a replay's access token may outlive what its session's row says, without the row being changed: the longest grace. */
export const LATE_REPLAY_SECONDS = 300;
/** And a token is signed a moment after the row was written, and taken for a few seconds after it has expired. */
export const LATE_TOKEN_SECONDS = LATE_REPLAY_SECONDS + 60;

/** No configuration lets an access token live longer. */
export const LONGEST_ACCESS_TOKEN_SECONDS = 86_400;
/** Whose clock is behind the writer's takes tokens for that much longer. */
const SLOW_CLOCK_SECONDS = 3600;
/** For how long a revocation is remembered at most, whatever its row says: no token that it concerns lives on. */
export const LONGEST_REVOCATION_SECONDS = LONGEST_ACCESS_TOKEN_SECONDS + LATE_TOKEN_SECONDS + SLOW_CLOCK_SECONDS;

/** How long a request waits for the database while the feed is out of reach. */
const LOOK_UP_MILLISECONDS = 3000;

/** Needs no feed: also for a process that changes users and serves nobody. */
export interface RevocationWriter {
  /** Writes a session's revocation in the transaction that ends it; `apply` it after the commit. */
  revokeSession(tx: Transaction, session: { id: string; accessExpiresAt: Date }): Promise<Revocation>;
  /** Refuses the access tokens of all sessions with a lower id. */
  revokeEverybody(tx: Transaction, idBelow: string, accessExpiresAt: Date): Promise<Revocation>;
  /** Refuses every access token of a user below `version`; `accessExpiresAt` is when the last one of them expires. */
  revokeUser(tx: Transaction, user: { id: string; version: number; accessExpiresAt: Date }): Promise<Revocation>;
}

/** What is revoked, from memory while the feed is fresh: then no access token is checked against the database. */
export interface Revocations extends RevocationWriter {
  apply(revocation: Revocation): void;
  /** While the feed is out of reach the database is asked; rejects where that is out of reach, too. */
  isRevoked(token: Revocable): boolean | Promise<boolean>;
  /** Makes room: what has expired concerns no token any more. To be called now and then. */
  forgetExpired(): void;
  /** Called for every revocation that this process learns of, repetitions included. Returns what ends that. */
  subscribe(listener: (revocation: Revocation) => void): () => void;
  /** How many are kept in memory. */
  count(): number;
}

export function createRevocationWriter(clock: Clock): RevocationWriter {
  async function write(tx: Transaction, revocation: Revocation): Promise<Revocation> {
    await insertRevocation(tx, revocation, clock());
    return revocation;
  }
  return {
    revokeSession: (tx, { id, accessExpiresAt }) =>
      write(tx, { kind: "session", subjectId: id, version: null, expiresAt: addSeconds(accessExpiresAt, LATE_TOKEN_SECONDS) }),
    revokeEverybody: (tx, idBelow, accessExpiresAt) =>
      write(tx, { kind: "everybody", subjectId: idBelow, version: null, expiresAt: addSeconds(accessExpiresAt, LATE_TOKEN_SECONDS) }),
    revokeUser: (tx, { id, version, accessExpiresAt }) =>
      write(tx, { kind: "user", subjectId: id, version, expiresAt: addSeconds(accessExpiresAt, LATE_TOKEN_SECONDS) }),
  };
}

export interface RevocationParts {
  readonly database: Database;
  readonly clock: Clock;
  /** How the memory is filled from the database; given the function that does so. */
  readonly createFeed: (apply: (revocation: Revocation) => void) => RevocationFeed;
}

export function createRevocations(parts: RevocationParts): { revocations: Revocations; feed: RevocationFeed; memory: RevocationMemory } {
  const { database, clock } = parts;
  const memory = createRevocationMemory();
  const listeners = new Set<(revocation: Revocation) => void>();
  const isLive = createTokenLookUp(database);

  function apply(revocation: Revocation): void {
    const latest = addSeconds(clock(), LONGEST_REVOCATION_SECONDS);
    memory.apply(revocation.expiresAt > latest ? { ...revocation, expiresAt: latest } : revocation);
    for (const listener of listeners) listener(revocation);
  }

  const feed = parts.createFeed(apply);
  const revocations: Revocations = {
    ...createRevocationWriter(clock),
    apply,
    isRevoked(token) {
      if (memory.has(token)) return true;
      return feed.isFresh() ? false : withDeadline(isLive(token), LOOK_UP_MILLISECONDS).then((lives) => !lives);
    },
    forgetExpired: () => memory.forgetExpired(clock()),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    count: () => memory.size,
  };
  return { revocations, feed, memory };
}
