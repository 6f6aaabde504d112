import type { ClientInfo } from "../../../core/client-info.ts";
import { addSeconds, type Clock } from "../../../core/clock.ts";
import type { Transaction } from "../../../database/database.ts";
import { findUndoable } from "../../one-time/one-time-token-store.ts";
import type { OneTimeTokens } from "../../one-time/one-time-tokens.ts";
import type { Revocable } from "../../revocations/revocation.ts";
import type { EndSessions } from "../../sessions/ending/end-sessions.ts";
import { lockViewer } from "../../sessions/lock-viewer.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import { type Account, changeAccount } from "../../users/account-store.ts";
import { lockAdmins } from "../../users/admin-store.ts";
import { keepAnAdmin } from "../../users/keep-an-admin.ts";
import type { Notices } from "../../users/notices.ts";
import type { Transact, UnitOfWork } from "../../work/unit-of-work.ts";
import type { RequireFreshLogin } from "../password/fresh-login.ts";

export interface DeletedAccount {
  readonly erasureAt: Date;
  readonly endedSessions: number;
}

/**
 * Ends every session of the viewer, and has the account erased after the grace, during which signing in takes that back. Links that were
 * sent before are void, except those that undo a change of address, which put the erasure off as long as they are good: whoever took the
 * account over must not get rid of them like this. Throws what `RequireFreshLogin` throws, UNAUTHENTICATED, LAST_ADMIN.
 */
export type DeleteAccount = (password: string | undefined, viewer: Revocable, client: ClientInfo) => Promise<DeletedAccount>;

export interface DeleteAccountParts {
  readonly requireFreshLogin: RequireFreshLogin;
  readonly oneTimeTokens: Pick<OneTimeTokens, "expire">;
  readonly notices: Notices;
  readonly transact: Transact;
  readonly endSessions: EndSessions;
  readonly clock: Clock;
  readonly options: AccountOptions;
}

/** How long it is worth telling, where the grace is shorter. */
const NOTICE_SECONDS = 86_400;

export function createDeleteAccount(parts: DeleteAccountParts): DeleteAccount {
  const { requireFreshLogin, oneTimeTokens, notices, transact, endSessions, clock, options } = parts;

  async function tell(tx: Transaction, account: Account, erasureAt: Date): Promise<void> {
    const content = { template: "account_deletion" as const, facts: { erasureAt: erasureAt.toISOString() } };
    await notices.tell(tx, account, content, later(erasureAt, addSeconds(clock(), NOTICE_SECONDS)));
  }

  async function erasureAtOf(tx: Transaction, { id }: Account): Promise<Date> {
    const graceEnd = addSeconds(clock(), options.deletionGraceSeconds);
    return (await findUndoable(tx, id)).reduce((latest, { until }) => later(latest, until), graceEnd);
  }

  async function perform(unit: UnitOfWork, viewer: Revocable): Promise<DeletedAccount> {
    const { tx, record } = unit;
    await lockAdmins(tx);
    const before = await lockViewer(tx, viewer);
    await keepAnAdmin(tx, before);
    const erasureAt = await erasureAtOf(tx, before);
    const account = await changeAccount(tx, before.id, { erasureAt });
    await oneTimeTokens.expire(tx, account.id, ["VERIFY_EMAIL", "RESET_PASSWORD", "CHANGE_EMAIL"]);
    const endedSessions = await endSessions.end(unit, { account, actorId: account.id, endReason: "ACCOUNT_DELETED" });
    const about = { userId: account.id, actorId: account.id, sessionId: viewer.sessionId };
    await record({ type: "ACCOUNT_DELETION_REQUESTED", ...about, detail: { endedSessions } });
    await tell(tx, account, erasureAt);
    return { erasureAt, endedSessions };
  }

  return async (password, viewer, client) => {
    await requireFreshLogin({ viewer, password, client, event: "ACCOUNT_DELETION_REQUESTED" });
    return transact(client, (unit) => perform(unit, viewer));
  };
}

function later(one: Date, other: Date): Date {
  return one > other ? one : other;
}
