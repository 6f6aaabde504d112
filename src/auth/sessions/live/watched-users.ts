import { addSeconds } from "../../../core/clock.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";
import { eventsBetween, type Look, type RememberedSession, remember, type SessionEvent } from "./session-changes.ts";
import type { SeenSession } from "./session-watch-store.ts";

/** By how much the clocks of two processes may differ, and how long a change may take from its instant to its commit. */
export const OVERLAP_SECONDS = 30;
const MAXIMUM_WAITING_EVENTS = 256;
/** Of one user: twice as many as one look can show, so that what a later look shows again is not told again. */
export const MAXIMUM_REMEMBERED_SESSIONS = 4000;

/** A user whom somebody watches: their sessions as they were when they were last looked at. */
export interface WatchedUser {
  readonly userId: string;
  /** From when on changes may not have been seen. */
  readonly since: Date;
  fail(error: unknown): void;
  end(): void;
}

interface Watched extends WatchedUser {
  readonly sessions: Map<string, RememberedSession>;
  readonly queues: Set<EventQueue<SessionEvent>>;
  since: Date;
}

/** The users whom somebody watches, and nobody else: they are forgotten with their last subscriber. */
export interface WatchedUsers {
  find(userId: string): WatchedUser | undefined;
  findBySession(sessionId: string): WatchedUser | undefined;
  all(): readonly WatchedUser[];
  /** Remembers a user's sessions as they are, for a first subscriber. */
  begin(userId: string, seen: readonly SeenSession[], look: Look): void;
  /** Tells the subscribers what has changed, if there are any left. */
  compare(user: WatchedUser, changed: readonly SeenSession[], look: Look): void;
  /** Undefined if the user is not watched, or no longer. */
  subscribe(userId: string): AsyncIterableIterator<SessionEvent> | undefined;
}

export function createWatchedUsers(onLastLeft: () => void): WatchedUsers {
  const users = new Map<string, Watched>();
  const userOfSession = new Map<string, Watched>();

  function keep(user: Watched, seen: SeenSession, look: Look): void {
    const { id } = seen.session;
    const remembered = remember(user.sessions.get(id), seen, look);
    if (remembered === undefined) {
      user.sessions.delete(id);
      userOfSession.delete(id);
      return;
    }
    user.sessions.set(id, remembered);
    userOfSession.set(id, user);
  }

  function forget(user: Watched): void {
    users.delete(user.userId);
    for (const id of user.sessions.keys()) userOfSession.delete(id);
    if (users.size === 0) onLastLeft();
  }

  function subscribe(userId: string): AsyncIterableIterator<SessionEvent> | undefined {
    const user = users.get(userId);
    if (user === undefined) return undefined;
    const queue = createEventQueue<SessionEvent>(MAXIMUM_WAITING_EVENTS, () => {
      user.queues.delete(queue);
      if (user.queues.size === 0) forget(user);
    });
    user.queues.add(queue);
    return queue.events;
  }

  return {
    find: (userId) => users.get(userId),
    findBySession: (sessionId) => userOfSession.get(sessionId),
    all: () => [...users.values()],
    begin(userId, seen, look) {
      const user = createWatched(userId, look.since);
      users.set(userId, user);
      for (const each of seen) keep(user, each, look);
    },
    compare(asked, changed, look) {
      const user = users.get(asked.userId);
      if (user === undefined || user !== asked) return;
      // Those that have not changed may have expired.
      const seen = new Map<string, SeenSession>([...user.sessions, ...changed.map((each) => [each.session.id, each] as const)]);
      const events = [...seen.values()].flatMap((each) => eventsBetween(user.sessions.get(each.session.id), each, look));
      for (const each of seen.values()) keep(user, each, look);
      forgetSurplus(user, (id) => userOfSession.delete(id));
      const seenUntil = addSeconds(look.now, -OVERLAP_SECONDS);
      if (seenUntil > user.since) user.since = seenUntil;
      events.sort((one, other) => one.occurredAt.getTime() - other.occurredAt.getTime());
      for (const queue of user.queues) for (const event of events) queue.push(event);
    },
    subscribe,
  };
}

/** Those that came first: what a look shows are the latest. */
function forgetSurplus({ sessions }: Watched, onForget: (id: string) => void): void {
  for (const id of sessions.keys()) {
    if (sessions.size <= MAXIMUM_REMEMBERED_SESSIONS) return;
    sessions.delete(id);
    onForget(id);
  }
}

function createWatched(userId: string, since: Date): Watched {
  const queues = new Set<EventQueue<SessionEvent>>();
  return {
    userId,
    since,
    sessions: new Map(),
    queues,
    fail: (error) => queues.forEach((queue) => void queue.fail(error)),
    end: () => queues.forEach((queue) => void queue.end()),
  };
}
