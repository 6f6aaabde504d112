import { addSeconds, type Clock } from "../../core/clock.ts";
import { withDeadline } from "../../core/deadline.ts";
import type { Database } from "../../database/database.ts";
import { LONGEST_REVOCATION_SECONDS, type Revocable, type Revocation } from "./revocation.ts";
import type { RevocationFeed } from "./revocation-feed.ts";
import { createRevocationMemory } from "./revocation-memory.ts";
import { createTokenLookUp } from "./revocation-store.ts";

/** How long a request waits for the database while the feed is out of reach. */
const LOOK_UP_MILLISECONDS = 3000;

/** What is revoked, from memory while the feed is fresh: then no access token is checked against the database. */
export interface Revocations {
  /** Refuses the access tokens in this process. Of what a transaction revokes, once it is committed: `Transact` does. */
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

export interface RevocationParts {
  readonly database: Database;
  readonly clock: Clock;
  /** How the memory is filled from the database; given the function that does so. */
  readonly createFeed: (apply: (revocation: Revocation) => void) => RevocationFeed;
}

export function createRevocations(parts: RevocationParts): { revocations: Revocations; feed: RevocationFeed } {
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
  return { revocations, feed };
}
