import type { ClientInfo } from "../../../core/client-info.ts";
import type { Clock } from "../../../core/clock.ts";
import { AuthError, noMail } from "../../../core/errors.ts";
import type { Database } from "../../../database/database.ts";
import { dropLaterUndoTokens, findUndoable } from "../../one-time/one-time-token-store.ts";
import type { OneTimeTokens, ProvenAddress } from "../../one-time/one-time-tokens.ts";
import { UNUSABLE_PASSWORD_HASH } from "../../passwords/password-hash.ts";
import type { EndSessions } from "../../sessions/ending/end-sessions.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import { type Account, lockAccount } from "../../users/account-store.ts";
import { reserveAddresses } from "../../users/email-address-store.ts";
import type { Transact, UnitOfWork } from "../../work/unit-of-work.ts";
import { bindingOf, RESET_SECONDS } from "../password/reset-messages.ts";
import { changeAddress } from "./change-address.ts";

export interface UndoneEmailChange {
  readonly account: Account;
  readonly endedSessions: number;
}

/**
 * Gives the account back to whoever reads the mail of its old address: ends every session, makes the password unusable, sends a link that
 * sets a new one, takes back an erasure that was asked for, and voids every other link, those that undo earlier changes excepted. Throws
 * INVALID_ONE_TIME_TOKEN, and SERVICE_UNAVAILABLE where no mail can be sent.
 */
export type UndoEmailChange = (token: string, client: ClientInfo) => Promise<UndoneEmailChange>;

export interface UndoEmailChangeParts {
  readonly database: Database;
  readonly oneTimeTokens: OneTimeTokens;
  readonly transact: Transact;
  readonly endSessions: EndSessions;
  readonly clock: Clock;
  readonly options: AccountOptions;
}

export function createUndoEmailChange(parts: UndoEmailChangeParts): UndoEmailChange {
  const { database, oneTimeTokens, transact, endSessions, clock, options } = parts;
  const sendResetLink = createResetLinkSender(parts);

  async function undo(unit: UnitOfWork, { token, userId }: { token: string; userId: string }): Promise<UndoneEmailChange | undefined> {
    const { tx, record } = unit;
    const before = await lockAccount(tx, userId);
    const taken = before && (await oneTimeTokens.take(tx, "UNDO_EMAIL_CHANGE", token));
    if (taken?.proves === undefined) return undefined;
    const passwordHash = UNUSABLE_PASSWORD_HASH;
    const account = await changeAddress(tx, userId, { proves: taken.proves, now: clock(), passwordHash, erasureAt: null });
    await oneTimeTokens.drop(tx, userId, ["VERIFY_EMAIL", "RESET_PASSWORD", "CHANGE_EMAIL"]);
    await dropLaterUndoTokens(tx, taken);
    await reserveAddresses(tx, userId, await findUndoable(tx, userId));
    await sendResetLink(unit, taken.proves, { userId, passwordHash });
    const about = { userId, actorId: userId };
    const endedSessions = await endSessions.end(unit, { account, actorId: userId, endReason: "EMAIL_CHANGE_UNDONE" });
    await record({ type: "EMAIL_CHANGE_UNDONE", ...about, detail: { endedSessions } });
    if (before?.erasureAt !== null) await record({ type: "ACCOUNT_RESTORED", ...about });
    return { account, endedSessions };
  }

  return async (token, client) => {
    const found = await oneTimeTokens.find(database, "UNDO_EMAIL_CHANGE", token);
    if (found === undefined) throw new AuthError("INVALID_ONE_TIME_TOKEN", {});
    if (!options.canMail) throw noMail();
    const { userId } = found;
    const undone = await transact(client, (unit) => undo(unit, { token, userId }));
    if (undone === undefined) throw new AuthError("INVALID_ONE_TIME_TOKEN", {});
    return undone;
  };
}

function createResetLinkSender({ oneTimeTokens, options }: UndoEmailChangeParts) {
  return async (
    { tx, send }: UnitOfWork,
    proves: ProvenAddress,
    { userId, passwordHash }: { userId: string; passwordHash: string },
  ): Promise<void> => {
    const boundTo = bindingOf(passwordHash);
    const wanted = { purpose: "RESET_PASSWORD", subject: { userId }, proves, ttlSeconds: RESET_SECONDS, boundTo } as const;
    const { token, expiresAt } = await oneTimeTokens.issue(tx, wanted);
    const content = { template: "email_change_undone" as const, facts: { link: options.links.resetPassword(token) } };
    await send({ channel: "email", to: proves.email, content, userId, expiresAt });
  };
}
