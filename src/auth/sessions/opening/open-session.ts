import { insertSession } from "../session-store.ts";
import type { SessionOptions, SessionParts, Sessions } from "../sessions.ts";
import { insertDevice } from "./device-store.ts";
import { createDeviceOf } from "./devices.ts";
import { newSession } from "./new-session.ts";

export function createOpenSession(parts: Pick<SessionParts, "notices" | "clock" | "random">, options: SessionOptions): Sessions["open"] {
  const deviceOf = createDeviceOf(parts);
  return async (tx, account, client) => {
    const { session, secrets, refreshToken } = newSession(account.id, client, { ...parts, options });
    await insertSession(tx, { ...session, ...secrets, openedVersion: account.version });
    const device = deviceOf(account, client, session.createdAt);
    if (device !== undefined) {
      await insertDevice(tx, { userId: account.id, fingerprint: device.fingerprint, firstSeenAt: session.createdAt });
    }
    return { session, account, refreshToken };
  };
}
