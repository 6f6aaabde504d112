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

/** Ids are compared as text: those of sessions begin with their time. */
const NOBODY: { readonly below: string; readonly expiresAt: number } = { below: "", expiresAt: 0 };

/** Instants are kept as whole seconds: small integers, which the engine stores in place. */
export function createRevocationMemory(): RevocationMemory {
  const sessions = new Map<string, number>();
  const users = new Map<string, RaisedVersion>();
  /** One is enough: whatever has a lower id than the highest one is revoked by it. */
  let everybody = NOBODY;
  return {
    apply({ kind, subjectId, version, expiresAt }) {
      const seconds = Math.ceil(expiresAt.getTime() / 1000);
      if (kind === "session") {
        sessions.set(subjectId, Math.max(sessions.get(subjectId) ?? 0, seconds));
        return;
      }
      if (kind === "everybody") {
        const below = subjectId > everybody.below ? subjectId : everybody.below;
        everybody = { below, expiresAt: Math.max(everybody.expiresAt, seconds) };
        return;
      }
      const known = users.get(subjectId);
      // They may arrive in any order: only ever upwards.
      users.set(subjectId, { version: Math.max(known?.version ?? 0, version ?? 0), expiresAt: Math.max(known?.expiresAt ?? 0, seconds) });
    },
    has: (token) =>
      sessions.has(token.sessionId) || token.version < (users.get(token.userId)?.version ?? 0) || token.sessionId < everybody.below,
    forgetExpired(now) {
      const seconds = now.getTime() / 1000;
      for (const [id, expiresAt] of sessions) if (expiresAt <= seconds) sessions.delete(id);
      for (const [id, { expiresAt }] of users) if (expiresAt <= seconds) users.delete(id);
      if (everybody.expiresAt <= seconds) everybody = NOBODY;
    },
    get size() {
      return sessions.size + users.size + (everybody === NOBODY ? 0 : 1);
    },
  };
}
