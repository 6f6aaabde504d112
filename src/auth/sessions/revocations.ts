import type { Database, Transaction } from "../../database/database.ts";
import { addSeconds, type Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import { findLiveRevocations, insertRevocation, type Revocation } from "./revocation-store.ts";
import type { SessionRecord } from "./session-state.ts";

/** By how much a replay's access token may outlive what its session's row says, without the row being changed: the longest grace. */
export const LATE_REPLAY_SECONDS = 300;
/** And a token is signed a moment after the row was written, and taken for a few seconds after it has expired. */
const LATE_TOKEN_SECONDS = LATE_REPLAY_SECONDS + 60;

/** What a token has to say for itself. */
export interface Revocable {
  readonly userId: string;
  readonly sessionId: string;
  readonly version: number;
}

/** The revocations that matter, in this process's memory: no access token is checked against the database. */
export interface Revocations {
  /** Reads those that other processes, or this one before it was restarted, have written. */
  load(): Promise<void>;
  /** Writes a session's revocation in the transaction that ends it; `apply` it after the commit. */
  revokeSession(tx: Transaction, session: Pick<SessionRecord, "id" | "accessExpiresAt">): Promise<Revocation>;
  apply(revocation: Revocation): void;
  isRevoked(token: Revocable): boolean;
}

export function createRevocations(parts: { database: Database; clock: Clock; random: Random }): Revocations {
  const { database, clock, random } = parts;
  // Both in order of insertion, so the oldest come first and forgetting stops at the first that still counts.
  const sessions = new Map<string, Revocation>();
  const users = new Map<string, Revocation>();

  function forgetExpired(memory: Map<string, Revocation>, now: Date): void {
    for (const [subjectId, revocation] of memory) {
      if (revocation.expiresAt > now) return;
      memory.delete(subjectId);
    }
  }

  function apply(revocation: Revocation): void {
    const memory = revocation.kind === "session" ? sessions : users;
    forgetExpired(memory, clock());
    const known = memory.get(revocation.subjectId);
    if (known !== undefined && (known.version ?? 0) > (revocation.version ?? 0)) return;
    memory.delete(revocation.subjectId);
    memory.set(revocation.subjectId, revocation);
  }

  return {
    apply,
    async load() {
      for (const revocation of await findLiveRevocations(database, clock())) apply(revocation);
    },
    async revokeSession(tx, session) {
      const revokedAt = clock();
      const expiresAt = addSeconds(session.accessExpiresAt, LATE_TOKEN_SECONDS);
      const revocation: Revocation = { kind: "session", subjectId: session.id, version: null, revokedAt, expiresAt };
      await insertRevocation(tx, { ...revocation, id: random.id(revokedAt) });
      return revocation;
    },
    isRevoked(token) {
      return sessions.has(token.sessionId) || token.version < (users.get(token.userId)?.version ?? 0);
    },
  };
}
