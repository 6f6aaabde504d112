import type { Revocable, Revocation } from "./revocation.ts";

/** The live revocations of every process: about 130 bytes each, and none longer than the access tokens that it concerns. */
export interface RevocationMemory {
  apply(revocation: Revocation): void;
  has(token: Revocable): boolean;
  forgetExpired(now: Date): void;
  readonly size: number;
}

interface RaisedVersion {
  readonly version: number;
  readonly expiresAt: number;
}

/** Instants are kept as whole seconds: small integers, which the engine stores in place. */
export function createRevocationMemory(): RevocationMemory {
  const sessions = new Map<string, number>();
  const users = new Map<string, RaisedVersion>();
  return {
    apply({ kind, subjectId, version, expiresAt }) {
      const seconds = Math.ceil(expiresAt.getTime() / 1000);
      if (kind === "session") {
        sessions.set(subjectId, Math.max(sessions.get(subjectId) ?? 0, seconds));
        return;
      }
      const known = users.get(subjectId);
      // They may arrive in any order: only ever upwards.
      users.set(subjectId, { version: Math.max(known?.version ?? 0, version ?? 0), expiresAt: Math.max(known?.expiresAt ?? 0, seconds) });
    },
    has: (token) => sessions.has(token.sessionId) || token.version < (users.get(token.userId)?.version ?? 0),
    forgetExpired(now) {
      const seconds = now.getTime() / 1000;
      for (const [id, expiresAt] of sessions) if (expiresAt <= seconds) sessions.delete(id);
      for (const [id, { expiresAt }] of users) if (expiresAt <= seconds) users.delete(id);
    },
    get size() {
      return sessions.size + users.size;
    },
  };
}
