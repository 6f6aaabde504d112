import type { ClientInfo } from "../../../core/client-info.ts";
import { addSeconds, type Clock } from "../../../core/clock.ts";
import { AuthError } from "../../../core/errors.ts";
import { badInput } from "../../../core/input-problems.ts";
import type { Database, Transaction } from "../../../database/database.ts";
import { findUndoable } from "../../one-time/one-time-token-store.ts";
import type { OneTimeToken, OneTimeTokens, ProvenAddress } from "../../one-time/one-time-tokens.ts";
import type { Revocable } from "../../revocations/revocation.ts";
import type { EndSessions } from "../../sessions/ending/end-sessions.ts";
import { lockViewer } from "../../sessions/lock-viewer.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import { type Account, lockAccount } from "../../users/account-store.ts";
import { reserveAddresses } from "../../users/email-address-store.ts";
import { readEmailAddress } from "../../users/email-addresses.ts";
import type { Notices } from "../../users/notices.ts";
import type { Transact, UnitOfWork } from "../../work/unit-of-work.ts";
import { bindToVersion } from "./bind-to-version.ts";
import { changeAddress } from "./change-address.ts";

/** What the message to the new address had: its link's token, which anybody may hold, or its code. */
export interface EmailChangeProof {
  readonly token: string | undefined;
  readonly code: string | undefined;
}

/**
 * Changes the address, which counts as verified, and tells the old one, with a link that undoes it. Access tokens issued before are
 * refused, because they name the old address; sessions go on with their next refresh. `viewer` throws where nobody is signed in: a code
 * takes that. Throws BAD_USER_INPUT, INVALID_ONE_TIME_TOKEN, UNAUTHENTICATED, and EMAIL_TAKEN where the address has become another
 * account's meanwhile: whoever reads its mail may know.
 */
export type ConfirmEmailChange = (proof: EmailChangeProof, viewer: () => Revocable, client: ClientInfo) => Promise<Account>;

export interface ConfirmEmailChangeParts {
  readonly database: Database;
  readonly oneTimeTokens: OneTimeTokens;
  readonly notices: Pick<Notices, "isSent">;
  readonly transact: Transact;
  readonly endSessions: EndSessions;
  readonly clock: Clock;
  readonly options: AccountOptions;
}

/** Who confirms which address: judged under the lock, before anything is changed. */
interface Confirmed {
  readonly before: Account;
  readonly proves: ProvenAddress;
}

/** Uses the proof up. The transaction has to commit, also where it comes to nothing: a wrong code was counted. */
type Take = (unit: UnitOfWork) => Promise<Confirmed | undefined>;

/** How long the change can be undone. */
const UNDO_SECONDS = 7 * 86_400;

export function createConfirmEmailChange(parts: ConfirmEmailChangeParts): ConfirmEmailChange {
  const { database, oneTimeTokens, transact } = parts;
  const perform = createPerform(parts);

  /** Of any number of simultaneous ones, the first to get the lock. */
  async function byToken(token: string): Promise<Take> {
    const found = await oneTimeTokens.find(database, "CHANGE_EMAIL", token);
    if (found === undefined) throw new AuthError("INVALID_ONE_TIME_TOKEN", {});
    return async ({ tx }) => {
      const before = await lockAccount(tx, found.userId);
      if (before?.status !== "ACTIVE") return undefined;
      return judge(before, await oneTimeTokens.take(tx, "CHANGE_EMAIL", token));
    };
  }

  function byCode(code: string, viewer: Revocable): Take {
    return async ({ tx, record }) => {
      const before = await lockViewer(tx, viewer);
      const { id } = before;
      const confirmed = judge(before, await oneTimeTokens.takeByCode(tx, { purpose: "CHANGE_EMAIL", subject: { userId: id }, code }));
      if (confirmed !== undefined) return confirmed;
      const about = { userId: id, actorId: id, sessionId: viewer.sessionId };
      await record({ type: "EMAIL_CHANGED", ...about, succeeded: false, detail: { reason: "wrong_code" } });
      return undefined;
    };
  }

  return async ({ token, code }, viewer, client) => {
    if ((token === undefined) === (code === undefined)) throw badInput({ token: "Give either `token` or `code`." });
    const take = code === undefined ? await byToken(token ?? "") : byCode(code, viewer());
    const changed = await transact(client, async (unit) => {
      const confirmed = await take(unit);
      return confirmed && perform(unit, confirmed);
    });
    if (changed === undefined) throw new AuthError("INVALID_ONE_TIME_TOKEN", {});
    return changed;
  };
}

function createPerform({ oneTimeTokens, notices, endSessions, clock, options }: ConfirmEmailChangeParts) {
  /**
   * Tells the old address; from then on, and as long as it can be gone back to, it is nobody else's. Not counted: the link is the way back,
   * and each change takes a proof of another mailbox.
   */
  async function tellOldAddress({ tx, send }: UnitOfWork, { before, proves }: Confirmed): Promise<void> {
    if (!before.emailVerified || !notices.isSent("email_changed")) return;
    const undoUntil = addSeconds(clock(), UNDO_SECONDS);
    const undo = await issueUndo(tx, before);
    const link = undo && { link: options.links.undoEmailChange(undo.token), undoUntil: undo.expiresAt.toISOString() };
    const content = { template: "email_changed" as const, facts: { newEmail: proves.email, ...link } };
    await send({ channel: "email", to: before.email, content, userId: before.id, expiresAt: undoUntil });
  }

  async function issueUndo(tx: Transaction, { id, email }: Account) {
    const { email: old } = readEmailAddress(email);
    const proves = old && { email: old.address, emailKey: old.key };
    return proves && oneTimeTokens.issue(tx, { purpose: "UNDO_EMAIL_CHANGE", subject: { userId: id }, proves, ttlSeconds: UNDO_SECONDS });
  }

  return async (unit: UnitOfWork, confirmed: Confirmed): Promise<Account> => {
    const { tx, record } = unit;
    const { before, proves } = confirmed;
    const account = await changeAddress(tx, before.id, { proves, now: clock() });
    // They were sent to the old address.
    await oneTimeTokens.drop(tx, account.id, ["VERIFY_EMAIL", "RESET_PASSWORD"]);
    await tellOldAddress(unit, confirmed);
    await reserveAddresses(tx, account.id, await findUndoable(tx, account.id));
    await record({ type: "EMAIL_CHANGED", userId: account.id, actorId: account.id });
    await endSessions.revokeAccess(unit, account);
    return account;
  };
}

function judge(before: Account, token: OneTimeToken | undefined): Confirmed | undefined {
  if (token?.proves === undefined || token.boundTo?.equals(bindToVersion(before)) !== true) return undefined;
  return { before, proves: token.proves };
}
