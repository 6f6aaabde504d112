import type { ClientInfo } from "../../../core/client-info.ts";
import type { Clock } from "../../../core/clock.ts";
import type { IssuedSession, Sessions } from "../../sessions/sessions.ts";
import type { AskForClaims } from "../../tokens/custom-claims.ts";
import { type AccountWithPassword, lockAccount, noteRestoringSignIn } from "../../users/account-store.ts";
import type { Notices } from "../../users/notices.ts";
import type { Transact } from "../../work/unit-of-work.ts";

/**
 * Signs in whoever has given the right password of an account that is to be erased, and takes that back in the same transaction. Undefined
 * where it is too late, or the account is disabled, has another password or was restored by another sign-in.
 */
export type RestoreAccount = (verified: AccountWithPassword, client: ClientInfo) => Promise<IssuedSession | undefined>;

export interface RestoreAccountParts {
  readonly sessions: Pick<Sessions, "open">;
  readonly notices: Notices;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly askForClaims: AskForClaims;
}

export function createRestoreAccount({ sessions, notices, transact, clock, askForClaims }: RestoreAccountParts): RestoreAccount {
  return async (verified, client) => {
    const { id, passwordHash } = verified;
    const customClaims = await askForClaims?.(verified);
    return transact(client, async ({ tx, record }) => {
      const now = clock();
      const before = await lockAccount(tx, id);
      const isToBeErased = before?.status === "ACTIVE" && before.erasureAt !== null && before.erasureAt > now;
      if (!isToBeErased || before.passwordHash !== passwordHash) return undefined;
      const account = await noteRestoringSignIn(tx, id, now);
      const issued = await sessions.open(tx, account, client);
      const about = { userId: id, actorId: id, sessionId: issued.session.id };
      await record([
        { type: "LOGIN_SUCCEEDED", ...about },
        { type: "ACCOUNT_RESTORED", ...about },
      ]);
      await notices.tell(tx, account, { template: "account_restored", facts: {} });
      return { ...issued, customClaims };
    });
  };
}
