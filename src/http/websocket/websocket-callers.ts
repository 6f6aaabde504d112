import { setTimeout as wait } from "node:timers/promises";
import type { Auth } from "../../auth/auth.ts";
import { isViewer } from "../../auth/tokens/callers.ts";
import type { IdentifiedCaller } from "../../auth/tokens/identified-caller.ts";
import type { Clock } from "../../core/clock.ts";
import { AuthError } from "../../core/errors.ts";
import { type Anonymous, type AnonymousReason, isAnonymous } from "../../core/permissions.ts";
import type { LiveConnection } from "../../graphql/context.ts";

/** The caller on the other side of a socket. */
export interface SocketCaller extends LiveConnection {
  /** The last verdict on the socket's token. */
  readonly current: IdentifiedCaller | Anonymous;
  /** The one that `current` is about; undefined where the socket came without one. */
  readonly token: string | undefined;
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
/** The most questions that a sweep asks at once, where it has to ask the database. */
const SWEEP_BATCH = 100;

interface Member extends SocketCaller {
  current: IdentifiedCaller | Anonymous;
  /** One of our users: revocations concern them, and nobody else. */
  readonly isOwn: boolean;
}

export function createSocketCallers(
  { callers, revocations, revocationFeed, clock }: Pick<Auth, "callers" | "revocations" | "revocationFeed"> & { clock: Clock },
  logUnexpected: (error: unknown) => void,
): SocketCallers {
  /** Fails closed: nothing is delivered to a caller about whom nothing is known. */
  const verify = (token: string | undefined): Promise<IdentifiedCaller | Anonymous> =>
    callers.identify(token).catch((error: unknown) => {
      logUnexpected(error);
      return { reason: "unverifiable" };
    });
  const members = new Set<Member>();
  const bySession = new Map<string, Set<Member>>();
  const byUser = new Map<string, Set<Member>>();
  const sweeps = createSweeps(sweep, () => members.size > 0);

  function enter(member: Member, caller: IdentifiedCaller): void {
    members.add(member);
    sweeps.start();
    if (!isViewer(caller)) return;
    addTo(bySession, caller.sessionId, member);
    addTo(byUser, caller.userId, member);
  }

  function leave(member: Member, caller: IdentifiedCaller): void {
    members.delete(member);
    if (!isViewer(caller)) return;
    removeFrom(bySession, caller.sessionId, member);
    removeFrom(byUser, caller.userId, member);
  }

  /** Revocations are heard of; what time does is seen here, and everything else only while nothing is heard. */
  async function sweep(): Promise<void> {
    const now = clock();
    const isFresh = revocationFeed.isFresh();
    const isDue = ({ current, isOwn }: Member) => isAnonymous(current) || current.expiresAt <= now || (isOwn && !isFresh);
    const due = [...members].filter(isDue);
    // Apart: what cannot be had of another issuer says nothing about our own database, nor of a third one.
    const others = due.filter(({ isOwn }) => !isOwn).map((member) => member.check());
    await Promise.all([checkAll(due.filter(({ isOwn }) => isOwn)), ...others]);
  }

  const unsubscribe = revocations.subscribe(({ kind, subjectId }) => {
    const affected = { session: bySession.get(subjectId), user: byUser.get(subjectId), everybody: members }[kind] ?? [];
    void checkAll([...affected].filter(({ isOwn }) => isOwn));
  });

  return {
    async admit(token, onRefused) {
      const caller = await verify(token);
      if (isAnonymous(caller) || token === undefined) return isAnonymous(caller) ? caller : { reason: "missing" };
      const member = createMember({ token, caller }, verify, (reason) => {
        leave(member, caller);
        if (reason !== undefined) onRefused(reason);
      });
      enter(member, caller);
      return member;
    },
    stop() {
      unsubscribe();
      sweeps.stop();
    },
  };
}

/** Sweeps a second after it was started, and every second after that while there is something to sweep; no more once it was stopped. */
function createSweeps(sweep: () => Promise<void>, isNeeded: () => boolean): { start(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function start(): void {
    if (!isStopped) timer ??= setTimeout(() => void sweep().finally(startAgain), SWEEP_MILLISECONDS);
  }

  function startAgain(): void {
    timer = undefined;
    if (isNeeded()) start();
  }

  return {
    start,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** The caller of a socket without a token, for what is public. No token can end, so the socket stays anonymous. */
export const anonymousCaller: SocketCaller = {
  current: { reason: "missing" },
  token: undefined,
  check: async () => undefined,
  clearance: async () => true,
  reauthenticate: () => Promise.reject(ofAnotherSession()),
  leave: () => undefined,
};

function ofAnotherSession(): AuthError {
  return new AuthError("BAD_USER_INPUT", { fields: { accessToken: ["Belongs to another session; open another WebSocket for it."] } });
}

/** Checks members in batches. Where one answer cannot be had, the others are not asked for, and their sockets wait. */
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
  admitted: { token: string; caller: IdentifiedCaller },
  verify: (token: string) => Promise<IdentifiedCaller | Anonymous>,
  onGone: (reason: AnonymousReason | undefined) => void,
): Member {
  const { issuer, subject, sessionId } = admitted.caller;
  let token = admitted.token;
  let isGone = false;

  function go(reason: AnonymousReason | undefined): void {
    if (isGone) return;
    isGone = true;
    onGone(reason);
  }

  const member: Member = {
    current: admitted.caller,
    get token() {
      return token;
    },
    isOwn: isViewer(admitted.caller),
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
      if (verdict.issuer !== issuer || verdict.subject !== subject || verdict.sessionId !== sessionId) {
        throw ofAnotherSession();
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

function isUnverifiable(caller: IdentifiedCaller | Anonymous): boolean {
  return isAnonymous(caller) && caller.reason === "unverifiable";
}

function refusalOf(caller: IdentifiedCaller | Anonymous): AuthError {
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
