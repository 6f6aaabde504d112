import type { ClientInfo } from "../../core/client-info.ts";
import { AuthError } from "../../core/errors.ts";
import { badInput } from "../../core/input-problems.ts";
import type { Revocable } from "../revocations/revocation.ts";
import type { EndSessions } from "../sessions/ending/end-sessions.ts";
import { lockViewer } from "../sessions/lock-viewer.ts";
import { type Account, changeAccount, lockAccount } from "../users/account-store.ts";
import { ADMIN_ROLE, lockAdmins } from "../users/admin-store.ts";
import { keepAnAdmin } from "../users/keep-an-admin.ts";
import type { Transact, UnitOfWork } from "../work/unit-of-work.ts";

/**
 * The admin who gives a command, and their client. Whether they may is for the calling code to know; that their token still counts is
 * checked here.
 */
export interface AdminCommand {
  readonly viewer: Revocable;
  readonly client: ClientInfo;
}

/**
 * What admins do to users. Each command takes effect on access tokens at once, in every process. All throw NOT_FOUND for a user
 * that does not exist, and UNAUTHENTICATED for a viewer who was revoked a moment ago.
 */
export interface Administration {
  /**
   * Access tokens with the old roles are refused; sessions go on, and the next refresh carries the new ones. Throws BAD_USER_INPUT,
   * LAST_ADMIN.
   */
  setRoles(userId: string, roles: readonly string[], command: AdminCommand): Promise<Account>;
  /** Ends every session; no login until enabled. Throws BAD_USER_INPUT, LAST_ADMIN. */
  disable(userId: string, reason: string | undefined, command: AdminCommand): Promise<Account>;
  enable(userId: string, command: AdminCommand): Promise<Account>;
  /** Notes that the locks of an account are lifted; whoever counts has to forget them. */
  unlock(userId: string, command: AdminCommand): Promise<Account>;
  /** The number of ended sessions. */
  forceLogout(userId: string, command: AdminCommand): Promise<number>;
}

export interface AdministrationParts {
  readonly transact: Transact;
  readonly endSessions: EndSessions;
}

/** The user whom a command is about, locked, and the admin who gives it. */
interface CommandTarget {
  readonly unit: UnitOfWork;
  readonly user: Account;
  readonly actorId: string;
}

const MAXIMUM_REASON_LENGTH = 500;

export function createAdministration(parts: AdministrationParts, options: { roles: ReadonlySet<string> }): Administration {
  const { transact, endSessions } = parts;

  /** Commands take turns, so that no two of them can each leave the other one as the last admin. */
  function carryOut<Result>(
    userId: string,
    { viewer, client }: AdminCommand,
    work: (on: CommandTarget) => Promise<Result>,
  ): Promise<Result> {
    return transact(client, async (unit) => {
      const { tx } = unit;
      await lockAdmins(tx);
      const { id: actorId } = await lockViewer(tx, viewer);
      const user = await lockAccount(tx, userId);
      if (user === undefined) throw new AuthError("NOT_FOUND", {});
      return work({ unit, user, actorId });
    });
  }

  return {
    async setRoles(userId, roles, command) {
      const wanted = readRoles(roles, options.roles);
      return carryOut(userId, command, async ({ unit, user, actorId }) => {
        if (isSameSet(wanted, user.roles)) return user;
        if (!wanted.includes(ADMIN_ROLE)) await keepAnAdmin(unit.tx, user);
        const account = await changeAccount(unit.tx, user.id, { roles: wanted });
        await unit.record({ type: "ROLES_CHANGED", userId: user.id, actorId, detail: { before: user.roles, after: wanted } });
        await endSessions.revokeAccess(unit, account);
        return account;
      });
    },
    async disable(userId, reason, command) {
      const why = readReason(reason);
      return carryOut(userId, command, async ({ unit, user, actorId }) => {
        if (user.status === "DISABLED") return user;
        await keepAnAdmin(unit.tx, user);
        const account = await changeAccount(unit.tx, user.id, { status: "DISABLED" });
        const endedSessions = await endSessions.end(unit, { account, actorId, endReason: "USER_DISABLED" });
        await unit.record({ type: "USER_DISABLED", userId: user.id, actorId, detail: { endedSessions, ...why } });
        return account;
      });
    },
    enable: (userId, command) =>
      carryOut(userId, command, async ({ unit, user, actorId }) => {
        if (user.status === "ACTIVE") return user;
        await unit.record({ type: "USER_ENABLED", userId: user.id, actorId });
        return changeAccount(unit.tx, user.id, { status: "ACTIVE" });
      }),
    unlock: (userId, command) =>
      carryOut(userId, command, async ({ unit, user, actorId }) => {
        await unit.record({ type: "USER_UNLOCKED", userId: user.id, actorId });
        return user;
      }),
    forceLogout: (userId, command) =>
      carryOut(userId, command, async ({ unit, user, actorId }) => {
        const account = await changeAccount(unit.tx, user.id, {});
        const endedSessions = await endSessions.end(unit, { account, actorId, endReason: "REVOKED_BY_ADMIN" });
        await unit.record({ type: "FORCED_LOGOUT", userId: user.id, actorId, detail: { endedSessions } });
        return endedSessions;
      }),
  };
}

function readRoles(roles: readonly string[], known: ReadonlySet<string>): readonly string[] {
  if (roles.every((role) => known.has(role))) return [...new Set(roles)];
  throw badInput({ roles: `Must be among ${[...known].join(", ")}.` });
}

function readReason(reason: string | undefined): { reason?: string } {
  if (reason === undefined || reason.trim() === "") return {};
  if (reason.length <= MAXIMUM_REASON_LENGTH && reason.isWellFormed() && !reason.includes("\0")) return { reason: reason.trim() };
  throw badInput({ reason: `Must be at most ${MAXIMUM_REASON_LENGTH} well-formed characters.` });
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === new Set(other).size && one.every((item) => other.includes(item));
}
