import { endOf, type Session } from "../session-state.ts";
import type { SeenSession } from "./session-watch-store.ts";

/** Something that happened to a session: the names are those of the public contract. */
export interface SessionEvent {
  readonly type: "OPENED" | "REFRESHED" | "ENDED";
  /** As it was seen afterwards; it has ended in nothing but the event of its end. */
  readonly session: Session;
  readonly occurredAt: Date;
}

/** A session as it was when it was last looked at. */
export interface RememberedSession extends SeenSession {
  readonly hasEnded: boolean;
}

export interface Look {
  readonly now: Date;
  /** Changes before it were seen by an earlier look. */
  readonly since: Date;
}

/**
 * What happened to a session between two looks at it, oldest first. States are compared, so it does not matter what announced
 * them, how often and in which order: nothing is told twice, and a look that comes late, older than what is remembered, tells nothing.
 */
export function eventsBetween(before: RememberedSession | undefined, seen: SeenSession, { now, since }: Look): SessionEvent[] {
  const { session, generation } = seen;
  const alive = { ...session, endedAt: null, endReason: null };
  if (before === undefined && session.createdAt < since) return [];
  if (before !== undefined && (before.hasEnded || generation < before.generation)) return [];
  const events: SessionEvent[] = [];
  if (before === undefined) events.push({ type: "OPENED", session: alive, occurredAt: session.createdAt });
  if (generation > (before?.generation ?? 0)) events.push({ type: "REFRESHED", session: alive, occurredAt: session.lastUsedAt });
  const end = endOf(session, now);
  if (end !== undefined) events.push({ type: "ENDED", session: { ...session, ...end }, occurredAt: end.endedAt });
  return events;
}

/** What to remember after a look; undefined for a session that no later look can show again. */
export function remember(before: RememberedSession | undefined, seen: SeenSession, { now, since }: Look): RememberedSession | undefined {
  if (before !== undefined && seen.generation < before.generation) return before;
  const hasEnded = before?.hasEnded === true || endOf(seen.session, now) !== undefined;
  const { lastUsedAt, endedAt } = seen.session;
  const isShownAgain = lastUsedAt >= since || (endedAt !== null && endedAt >= since);
  return hasEnded && !isShownAgain ? undefined : { ...seen, hasEnded };
}
