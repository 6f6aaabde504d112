import { expect, test } from "vitest";
import { eventsBetween, type Look, type RememberedSession, remember } from "../../../src/auth/sessions/live/session-changes.ts";
import type { SeenSession } from "../../../src/auth/sessions/live/session-watch-store.ts";
import type { Session } from "../../../src/auth/sessions/session-state.ts";
import { addSeconds } from "../../../src/core/clock.ts";

const start = new Date("2026-01-01T00:00:00Z");
const at = (seconds: number) => addSeconds(start, seconds);
const look = (seconds: number): Look => ({ now: at(seconds), since: at(seconds - 31) });

function seen(changes: Partial<Session> = {}, generation = 0): SeenSession {
  const session: Session = {
    id: "s",
    userId: "u",
    createdAt: start,
    lastUsedAt: start,
    idleExpiresAt: at(600),
    expiresAt: at(3600),
    endedAt: null,
    endReason: null,
    ipAddress: null,
    userAgent: null,
    ...changes,
  };
  return { session, generation };
}

const ended = { endedAt: at(20), endReason: "LOGOUT" } as const;

/** What is told of a series of looks, each at what it sees. */
function told(...series: readonly (readonly [seconds: number, seen: SeenSession])[]): string[] {
  let before: RememberedSession | undefined;
  return series.flatMap(([seconds, what]) => {
    const events = eventsBetween(before, what, look(seconds));
    before = remember(before, what, look(seconds));
    return events.map(({ type, session }) => (session.endReason === null ? type : `${type} ${session.endReason}`));
  });
}

test.each<readonly [name: string, series: readonly (readonly [number, SeenSession])[], events: readonly string[]]>([
  ["a new session is opened", [[1, seen()]], ["OPENED"]],
  ["one that has been used already is opened and refreshed", [[1, seen({}, 3)]], ["OPENED", "REFRESHED"]],
  ["one that has ended already is opened and ended", [[21, seen(ended)]], ["OPENED", "ENDED LOGOUT"]],
  ["one that is older than the looks is nothing new", [[100, seen()]], []],
  [
    "several rotations between two looks are one refresh",
    [
      [1, seen()],
      [2, seen({}, 1)],
      [3, seen({}, 5)],
    ],
    ["OPENED", "REFRESHED", "REFRESHED"],
  ],
  [
    "a repetition tells nothing",
    [
      [1, seen({}, 1)],
      [2, seen({}, 1)],
      [3, seen({}, 1)],
    ],
    ["OPENED", "REFRESHED"],
  ],
  [
    "a late look tells nothing",
    [
      [1, seen({}, 2)],
      [2, seen({}, 1)],
      [3, seen({}, 2)],
    ],
    ["OPENED", "REFRESHED"],
  ],
  [
    "an end is told once",
    [
      [1, seen()],
      [21, seen(ended)],
      [22, seen(ended)],
    ],
    ["OPENED", "ENDED LOGOUT"],
  ],
  [
    "an end is final, also to a late look",
    [
      [1, seen()],
      [21, seen(ended)],
      [22, seen()],
      [23, seen(ended)],
    ],
    ["OPENED", "ENDED LOGOUT"],
  ],
  [
    "an end is told with the last refresh",
    [
      [1, seen()],
      [21, seen(ended, 1)],
    ],
    ["OPENED", "REFRESHED", "ENDED LOGOUT"],
  ],
  [
    "expiry is an end, and no end after it is another",
    [
      [1, seen()],
      [601, seen()],
      [602, seen({ ...ended, endedAt: at(602) })],
    ],
    ["OPENED", "ENDED EXPIRED"],
  ],
])("%s", (_name, series, events) => {
  expect(told(...series)).toEqual(events);
});

test("an ended session is forgotten once no look can show it again", () => {
  expect(remember(undefined, seen(ended), look(40))).toMatchObject({ hasEnded: true });
  expect(remember({ ...seen(ended), hasEnded: true }, seen(ended), look(60))).toBeUndefined();
});
