import type { ClientInfo } from "../../../core/client-info.ts";
import { addSeconds, type Clock } from "../../../core/clock.ts";
import { AuthError } from "../../../core/errors.ts";
import { badInput } from "../../../core/input-problems.ts";
import type { Audit } from "../../audit/audit.ts";
import type { AuditEventType } from "../../audit/audit-events.ts";
import { readPassword } from "../../passwords/password-policy.ts";
import type { Passwords } from "../../passwords/passwords.ts";
import type { Revocable } from "../../revocations/revocation.ts";
import type { SessionListStore } from "../../sessions/session-list-store.ts";
import type { AccountStore } from "../../users/account-store.ts";

/** The session that asks for something that a found access token must not be enough for. */
export interface AskingSession {
  readonly viewer: Revocable;
  /** As typed; undefined where none was given. */
  readonly password: string | undefined;
  readonly client: ClientInfo;
  /** What it asks for: the type under which a wrong password is audited. */
  readonly event: AuditEventType;
}

/**
 * Throws unless the password is given again and right, or, where none is given, the session was opened at most five minutes ago:
 * FRESH_LOGIN_REQUIRED, BAD_USER_INPUT, INVALID_CREDENTIALS or TOO_BUSY (OWASP ASVS 5.0: 7.5.1). A password that is changed afterwards
 * raises the version, which `lockViewer` finds out.
 */
export type RequireFreshLogin = (asking: AskingSession) => Promise<void>;

export interface FreshLoginParts {
  readonly store: Pick<AccountStore, "findAccountWithPassword">;
  readonly sessionList: Pick<SessionListStore, "findSessionOf">;
  readonly passwords: Pick<Passwords, "verify">;
  readonly audit: Pick<Audit, "record">;
  readonly clock: Clock;
}

const FRESH_SECONDS = 300;

export function createFreshLogin({ store, sessionList, passwords, audit, clock }: FreshLoginParts): RequireFreshLogin {
  async function requirePassword(text: string, { viewer, client, event }: AskingSession): Promise<void> {
    const { problem, ...typed } = readPassword(text);
    if (typed.password === undefined) throw badInput({ password: problem });
    const known = await store.findAccountWithPassword(viewer.userId);
    if (known === undefined) throw new AuthError("UNAUTHENTICATED", { reason: "revoked" });
    if (await passwords.verify(known.passwordHash, typed, client.ipAddress)) return;
    const about = { userId: viewer.userId, actorId: viewer.userId, sessionId: viewer.sessionId };
    await audit.record({ type: event, ...about, succeeded: false, detail: { reason: "wrong_password" } }, client);
    throw new AuthError("INVALID_CREDENTIALS", {});
  }

  return async (asking) => {
    if (asking.password !== undefined) return requirePassword(asking.password, asking);
    const { userId, sessionId } = asking.viewer;
    const session = await sessionList.findSessionOf({ userId, id: sessionId });
    const isFresh = session !== undefined && addSeconds(session.createdAt, FRESH_SECONDS) >= clock();
    if (!isFresh) throw new AuthError("FRESH_LOGIN_REQUIRED", { maxAgeSeconds: FRESH_SECONDS });
  };
}
