import type { Clock } from "../../../core/clock.ts";
import { AuthError, noMail } from "../../../core/errors.ts";
import type { Origin } from "../../../core/origin.ts";
import type { Database, Transaction } from "../../../database/database.ts";
import type { Outbox } from "../../../outbox/outbox.ts";
import type { Audit, Recorder } from "../../audit/audit.ts";
import { dropLaterUndoTokens } from "../../one-time/one-time-token-store.ts";
import type { OneTimeTokens, ProvenAddress } from "../../one-time/one-time-tokens.ts";
import { UNUSABLE_PASSWORD_HASH } from "../../passwords/password-hash.ts";
import type { Revocation } from "../../revocations/revocation.ts";
import type { Revocations } from "../../revocations/revocations.ts";
import type { EndSessions } from "../../sessions/ending/end-sessions.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import { type Account, lockAccount } from "../../users/account-store.ts";
import { bindingOf, RESET_SECONDS } from "../password/reset-messages.ts";
import { changeAddress } from "./change-address.ts";

export interface UndoneEmailChange {
  readonly account: Account;
  readonly endedSessions: number;
}

/**
 * Gives the account back to whoever reads the mail of its old address: ends every session, makes the password unusable, sends a link that sets
 * a new one, takes back an erasure that was asked for, and voids every other link, those that undo earlier changes excepted.
 * Throws INVALID_ONE_TIME_TOKEN, and SERVICE_UNAVAILABLE where no mail can be sent.
 */
export type UndoEmailChange = (token: string, origin: Origin) => Promise<UndoneEmailChange>;

export interface UndoEmailChangeParts {
  readonly database: Database;
  readonly oneTimeTokens: OneTimeTokens;
  readonly outbox: Outbox;
  readonly audit: Audit;
  readonly revocations: Pick<Revocations, "apply">;
  readonly endSessions: EndSessions;
  readonly clock: Clock;
  readonly options: AccountOptions;
}

export function createUndoEmailChange(parts: UndoEmailChangeParts): UndoEmailChange {
  const { database, oneTimeTokens, audit, revocations, endSessions, clock, options } = parts;
  const sendResetLink = createResetLinkSender(parts);

  async function undo(tx: Transaction, record: Recorder, { token, userId }: { token: string; userId: string }) {
    const before = await lockAccount(tx, userId);
    const taken = before && (await oneTimeTokens.take(tx, "UNDO_EMAIL_CHANGE", token));
    if (taken?.proves === undefined) return undefined;
    const passwordHash = UNUSABLE_PASSWORD_HASH;
    const account = await changeAddress(tx, userId, { proves: taken.proves, now: clock(), passwordHash, erasureAt: null });
    await oneTimeTokens.drop(tx, userId, ["VERIFY_EMAIL", "RESET_PASSWORD", "CHANGE_EMAIL"]);
    await dropLaterUndoTokens(tx, taken);
    await sendResetLink(tx, taken.proves, { userId, passwordHash });
    const about = { userId, actorId: userId };
    const { endedSessions, revocation } = await endSessions.end(tx, record, { account, actorId: userId, endReason: "EMAIL_CHANGE_UNDONE" });
    await record({ type: "EMAIL_CHANGE_UNDONE", ...about, detail: { endedSessions } });
    if (before?.erasureAt !== null) await record({ type: "ACCOUNT_RESTORED", ...about });
    return { account, endedSessions, revocation };
  }

  return async (token, origin) => {
    const found = await oneTimeTokens.find(database, "UNDO_EMAIL_CHANGE", token);
    if (found === undefined) throw new AuthError("INVALID_ONE_TIME_TOKEN", {});
    if (!options.canMail) throw noMail();
    const { userId } = found;
    const undone: (UndoneEmailChange & { revocation: Revocation }) | undefined = await audit.transaction(origin, (tx, record) =>
      undo(tx, record, { token, userId }),
    );
    if (undone === undefined) throw new AuthError("INVALID_ONE_TIME_TOKEN", {});
    revocations.apply(undone.revocation);
    return undone;
  };
}

function createResetLinkSender({ oneTimeTokens, outbox, options }: UndoEmailChangeParts) {
  return async (
    tx: Transaction,
    proves: ProvenAddress,
    { userId, passwordHash }: { userId: string; passwordHash: string },
  ): Promise<void> => {
    const boundTo = bindingOf(passwordHash);
    const wanted = { purpose: "RESET_PASSWORD", subject: { userId }, proves, ttlSeconds: RESET_SECONDS, boundTo } as const;
    const { token, expiresAt } = await oneTimeTokens.issue(tx, wanted);
    const content = { template: "email_change_undone" as const, facts: { link: options.links.resetPassword(token) } };
    await outbox.add(tx, [{ channel: "email", to: proves.email, content, userId, expiresAt }]);
  };
}
