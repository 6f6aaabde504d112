import { setTimeout as wait } from "node:timers/promises";
import type { Auth } from "../auth/auth.ts";
import type { Clock } from "../auth/clock.ts";
import { AuthError } from "../auth/errors.ts";
import { type Anonymous, type AnonymousReason, isAnonymous } from "../auth/permissions.ts";
import type { Viewer } from "../auth/tokens/access-tokens.ts";
import type { LiveConnection } from "../graphql/context.ts";

/** Who is on the other side of a socket. */
export interface SocketCaller extends LiveConnection {
  /** The last verdict on the socket's token. */
  readonly current: Viewer | Anonymous;
  /** Judges the token again. */
  check(): Promise<void>;
  /** Waits until nothing speaks against the token; false where it was refused instead, or the socket is gone. */
  clearance(): Promise<boolean>;
  leave(): void;
}

/** The callers of all sockets: each is told when its token expires or is revoked, wherever that happened. */
export interface SocketCallers {
  /** `onRefused` is called once, when the token that was valid is no longer. */
  admit(token: string | undefined, onRefused: (reason: AnonymousReason) => void): Promise<SocketCaller | Anonymous>;
  stop(): void;
}

const SWEEP_MILLISECONDS = 1000;
/** So many questions a sweep asks at once, where it has to ask the database. */
const SWEEP_BATCH = 100;

interface Member extends SocketCaller {
  current: Viewer | Anonymous;
}

export function createSocketCallers(
  { accessTokens, revocations, revocationFeed, clock }: Pick<Auth, "accessTokens" | "revocations" | "revocationFeed"> & { clock: Clock },
  logUnexpected: (error: unknown) => void,
): SocketCallers {
  /** Fails closed: nothing is delivered to a caller about whom nothing is known. */
  const verify = (token: string | undefined): Promise<Viewer | Anonymous> =>
    accessTokens.verify(token).catch((error: unknown) => {
      logUnexpected(error);
      return { reason: "unverifiable" };
    });
  const members = new Set<Member>();
  const bySession = new Map<string, Set<Member>>();
  const byUser = new Map<string, Set<Member>>();
  let sweeping: NodeJS.Timeout | undefined;

  function enter(member: Member, { sessionId, userId }: Viewer): void {
    members.add(member);
    addTo(bySession, sessionId, member);
    addTo(byUser, userId, member);
    sweeping ??= setTimeout(sweep, SWEEP_MILLISECONDS);
  }

  function leave(member: Member, { sessionId, userId }: Viewer): void {
    members.delete(member);
    removeFrom(bySession, sessionId, member);
    removeFrom(byUser, userId, member);
  }

  /** Revocations are heard of; what time does is seen here, and everything else only while nothing is heard. */
  function sweep(): void {
    const now = clock();
    const all = [...members];
    const due = revocationFeed.isFresh() ? all.filter(({ current }) => isAnonymous(current) || current.expiresAt <= now) : all;
    void checkAll(due).finally(() => {
      sweeping = members.size === 0 ? undefined : setTimeout(sweep, SWEEP_MILLISECONDS);
    });
  }

  const unsubscribe = revocations.subscribe(({ kind, subjectId }) => {
    const affected = kind === "session" ? bySession.get(subjectId) : byUser.get(subjectId);
    for (const member of affected ?? []) void member.check();
  });

  return {
    async admit(token, onRefused) {
      const viewer = await verify(token);
      if (isAnonymous(viewer) || token === undefined) return isAnonymous(viewer) ? viewer : { reason: "missing" };
      const member = createMember({ token, viewer }, verify, (reason) => {
        leave(member, viewer);
        if (reason !== undefined) onRefused(reason);
      });
      enter(member, viewer);
      return member;
    },
    stop() {
      unsubscribe();
      clearTimeout(sweeping);
    },
  };
}

/** Where one answer could not be had, the others will not be either: they are not asked for, and the sockets wait. */
async function checkAll(members: readonly Member[]): Promise<void> {
  for (let index = 0; index < members.length; index += SWEEP_BATCH) {
    const batch = members.slice(index, index + SWEEP_BATCH);
    await Promise.all(batch.map((member) => member.check()));
    if (!batch.some(({ current }) => isUnverifiable(current))) continue;
    for (const member of members.slice(index + SWEEP_BATCH)) member.current = { reason: "unverifiable" };
    return;
  }
}

/** `onGone` is called once: with the reason where the token was refused, without one where the socket left by itself. */
function createMember(
  admitted: { token: string; viewer: Viewer },
  verify: (token: string) => Promise<Viewer | Anonymous>,
  onGone: (reason: AnonymousReason | undefined) => void,
): Member {
  const { sessionId, userId } = admitted.viewer;
  let token = admitted.token;
  let isGone = false;

  function go(reason: AnonymousReason | undefined): void {
    if (isGone) return;
    isGone = true;
    onGone(reason);
  }

  const member: Member = {
    current: admitted.viewer,
    async check() {
      const judged = token;
      const verdict = await verify(judged);
      // Renewed while the earlier token was judged.
      if (isGone || judged !== token) return;
      member.current = verdict;
      if (isAnonymous(verdict) && !isUnverifiable(verdict)) go(verdict.reason);
    },
    async clearance() {
      for (;;) {
        await member.check();
        if (isGone) return false;
        if (!isAnonymous(member.current)) return true;
        await wait(SWEEP_MILLISECONDS, undefined, { ref: false });
      }
    },
    async reauthenticate(successor) {
      const verdict = await verify(successor);
      if (isAnonymous(verdict)) throw refusalOf(verdict);
      if (verdict.sessionId !== sessionId || verdict.userId !== userId) {
        throw new AuthError("BAD_USER_INPUT", { fields: { accessToken: ["Belongs to another session; open another WebSocket for it."] } });
      }
      if (isGone) throw refusalOf(member.current);
      token = successor;
      member.current = verdict;
      return verdict;
    },
    leave: () => go(undefined),
  };
  return member;
}

function isUnverifiable(caller: Viewer | Anonymous): boolean {
  return isAnonymous(caller) && caller.reason === "unverifiable";
}

function refusalOf(caller: Viewer | Anonymous): AuthError {
  if (isUnverifiable(caller)) return new AuthError("SERVICE_UNAVAILABLE", {});
  const reason = isAnonymous(caller) ? caller.reason : "missing";
  return new AuthError("UNAUTHENTICATED", { reason, coordinate: "Mutation.reauthenticate", directive: "authenticated" });
}

function addTo(sets: Map<string, Set<Member>>, key: string, member: Member): void {
  const members = sets.get(key) ?? new Set();
  members.add(member);
  sets.set(key, members);
}

function removeFrom(sets: Map<string, Set<Member>>, key: string, member: Member): void {
  const members = sets.get(key);
  members?.delete(member);
  if (members?.size === 0) sets.delete(key);
}
