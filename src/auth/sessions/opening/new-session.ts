import type { ClientInfo } from "../../../core/client-info.ts";
import { addSeconds } from "../../../core/clock.ts";
import { formatRefreshToken, hashSecret, SECRET_BYTES } from "../../tokens/refresh-tokens.ts";
import type { Session } from "../session-state.ts";
import type { SessionSecrets } from "../session-store.ts";
import type { SessionOptions, SessionParts } from "../sessions.ts";

/** One that begins now, and is for others to keep. */
interface UnkeptSession {
  readonly session: Session;
  readonly secrets: SessionSecrets;
  /** The only one that fits it. */
  readonly refreshToken: string;
}

export function newSession(
  userId: string,
  client: ClientInfo,
  { clock, random, options }: Pick<SessionParts, "clock" | "random"> & { options: SessionOptions },
): UnkeptSession {
  const now = clock();
  const id = random.id(now);
  const token = { userId, sessionId: id, familySecret: random.bytes(SECRET_BYTES), generationSecret: random.bytes(SECRET_BYTES) };
  const session: Session = {
    id,
    userId,
    createdAt: now,
    lastUsedAt: now,
    idleExpiresAt: addSeconds(now, Math.min(options.idleTtlSeconds, options.maxTtlSeconds)),
    expiresAt: addSeconds(now, options.maxTtlSeconds),
    endedAt: null,
    endReason: null,
    ipAddress: client.ipAddress,
    userAgent: client.userAgent,
  };
  const secrets = {
    familyHash: hashSecret(token.familySecret),
    currentHash: hashSecret(token.generationSecret),
    accessExpiresAt: addSeconds(now, options.accessTokenTtlSeconds),
  };
  return { session, secrets, refreshToken: formatRefreshToken(token) };
}
