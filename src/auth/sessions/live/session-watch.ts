import { addSeconds, type Clock } from "../../../core/clock.ts";
import { withDeadline } from "../../../core/deadline.ts";
import type { Database } from "../../../database/database.ts";
import { isDatabaseUnavailable } from "../../../database/unavailable.ts";
import type { AuditLog } from "../../audit/audit.ts";
import type { Revocations } from "../../revocations/revocations.ts";
import type { SessionEvent } from "./session-changes.ts";
import { findChangedSessions, findSessionsToWatch, type SeenSession } from "./session-watch-store.ts";
import { createWatchedUsers, OVERLAP_SECONDS, type WatchedUser, type WatchedUsers } from "./watched-users.ts";

/** What happens to users' sessions, in whichever process, as it happens. */
export interface SessionWatch {
  /** The events of one user's sessions from now on. Ends where its reader falls too far behind. */
  watch(userId: string): Promise<AsyncIterableIterator<SessionEvent>>;
  /** Looks at a user's sessions at once, if anybody watches them. */
  wake(userId: string): void;
  isWatched(userId: string): boolean;
  stop(): void;
}

/** How long an event of another process may take. */
const TICK_MILLISECONDS = 1000;
/** What wakes the watch within this time is one look. */
const WAKE_MILLISECONDS = 20;
const LOOK_MILLISECONDS = 3000;

interface WatchParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly revocations: Pick<Revocations, "subscribe">;
}

/**
 * Looks at the sessions themselves, once a second and only while somebody watches, with one statement for all watched users (where
 * sessions are spread, one for each). To announce every rotation would be the other way, and would cost every refresh: PostgreSQL lets
 * transactions that announce commit one at a time. Nothing can be lost with an announcement either: revocations and this process's own
 * audit events only make it look sooner.
 */
export function createSessionWatch(parts: WatchParts): SessionWatch {
  const users = createWatchedUsers(() => clock.stop());
  const look = createLook(parts, users);
  const clock = createLookClock(look, users);
  const unsubscribe = parts.revocations.subscribe(({ kind, subjectId }) => {
    if (kind === "everybody") clock.wake(...users.all());
    else clock.wake(kind === "user" ? users.find(subjectId) : users.findBySession(subjectId));
  });

  async function watch(userId: string): Promise<AsyncIterableIterator<SessionEvent>> {
    const known = users.find(userId);
    // What happened before must not be told to whoever comes now.
    if (known !== undefined) await look([known]);
    if (users.find(userId) === undefined) await beginWatching(parts, users, userId);
    clock.start();
    // The last other subscriber may have left just now.
    return users.subscribe(userId) ?? watch(userId);
  }

  return {
    watch,
    wake: (userId) => clock.wake(users.find(userId)),
    isWatched: (userId) => users.find(userId) !== undefined,
    stop() {
      unsubscribe();
      clock.stop();
      for (const user of users.all()) user.end();
    },
  };
}

/** What this process itself does to a session is seen at once. */
export function wakeOnAudit(watch: SessionWatch, log: AuditLog): AuditLog {
  return (level, event) => {
    log(level, event);
    if (event.userId !== null) watch.wake(event.userId);
  };
}

async function beginWatching({ database, clock }: WatchParts, users: WatchedUsers, userId: string): Promise<void> {
  const now = clock();
  const since = addSeconds(now, -OVERLAP_SECONDS);
  const seen = await withDeadline(findSessionsToWatch(database, { userId, since }, now), LOOK_MILLISECONDS);
  if (users.find(userId) === undefined) users.begin(userId, seen, { now, since });
}

type LookAt = (asked: readonly WatchedUser[]) => Promise<void>;

/** Looks may overlap, and end in any order. */
function createLook({ database, clock }: WatchParts, users: WatchedUsers): LookAt {
  return async (asked) => {
    if (asked.length === 0) return;
    const now = clock();
    const looks = asked.map((user) => ({ user, userId: user.userId, since: user.since }));
    const changed = await withDeadline(findChangedSessions(database, looks), LOOK_MILLISECONDS);
    const byUser = new Map<string, SeenSession[]>(looks.map(({ userId }) => [userId, []]));
    for (const each of changed) byUser.get(each.session.userId)?.push(each);
    for (const { user, userId, since } of looks) users.compare(user, byUser.get(userId) ?? [], { now, since });
  };
}

/** When to look: at everybody every second, and soon at whoever was woken. One look at a time. */
function createLookClock(look: LookAt, users: WatchedUsers) {
  const woken = new Set<string>();
  let tick: NodeJS.Timeout | undefined;
  let next: NodeJS.Timeout | undefined;

  function wake(...which: (WatchedUser | undefined)[]): void {
    for (const user of which) if (user !== undefined) woken.add(user.userId);
    if (woken.size > 0) next ??= setTimeout(() => void lookAtWoken(), WAKE_MILLISECONDS);
  }

  async function lookAtWoken(): Promise<void> {
    const asked = [...woken].flatMap((userId) => users.find(userId) ?? []);
    woken.clear();
    await look(asked).catch((error: unknown) => {
      // Out of reach: the next tick asks again, for everything since the last look. All else would fail forever.
      if (!isDatabaseUnavailable(error)) for (const user of asked) user.fail(error);
    });
    next = undefined;
    wake();
  }

  return {
    wake,
    start() {
      tick ??= setInterval(() => wake(...users.all()), TICK_MILLISECONDS);
    },
    stop() {
      clearInterval(tick);
      clearTimeout(next);
      tick = undefined;
      next = undefined;
      woken.clear();
    },
  };
}
