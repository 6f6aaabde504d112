import { addSeconds } from "../clock.ts";
import { formatRefreshToken, hashSecret, SECRET_BYTES } from "./refresh-tokens.ts";
import type { Session } from "./session-state.ts";
import { insertSession } from "./session-store.ts";
import type { SessionOptions, SessionParts, Sessions } from "./sessions.ts";

export function createOpenSession(parts: Pick<SessionParts, "clock" | "random">, options: SessionOptions): Sessions["open"] {
  const { clock, random } = parts;
  return async (tx, account, origin) => {
    const now = clock();
    const id = random.id(now);
    const token = { sessionId: id, familySecret: random.bytes(SECRET_BYTES), generationSecret: random.bytes(SECRET_BYTES) };
    const session: Session = {
      id,
      userId: account.id,
      createdAt: now,
      lastUsedAt: now,
      idleExpiresAt: addSeconds(now, Math.min(options.idleTtlSeconds, options.maxTtlSeconds)),
      expiresAt: addSeconds(now, options.maxTtlSeconds),
      endedAt: null,
      endReason: null,
      ...origin,
    };
    const hashes = { familyHash: hashSecret(token.familySecret), currentHash: hashSecret(token.generationSecret) };
    const accessExpiresAt = addSeconds(now, options.accessTokenTtlSeconds);
    await insertSession(tx, { ...session, ...hashes, accessExpiresAt });
    return { session, account, refreshToken: formatRefreshToken(token) };
  };
}
