import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MeDocument } from "../generated/operations.ts";
import { createStillClock } from "../support/clock.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { rounds } from "../support/rounds.ts";
import { GRACE, IDLE_LIFETIME, LIFETIME } from "../support/sessions/refresh-model.ts";
import {
  forging,
  goingOn,
  inTurn,
  loggingOut,
  openStory,
  type Place,
  type Played,
  refresh,
  refreshing,
  type Story,
  stealing,
  type Use,
  waiting,
} from "../support/sessions/refresh-story.ts";

/** How many stories; more of them find what is rarer. */
const RUNS = rounds(40);

let gateway: TestGateway;
let email: string;
beforeAll(async () => {
  const seconds = (milliseconds: number) => `${milliseconds / 1000}s`;
  gateway = await startTestGateway({
    env: {
      TRUSTED_PROXIES: "127.0.0.1",
      REFRESH_GRACE: seconds(GRACE),
      SESSION_IDLE_TTL: seconds(IDLE_LIFETIME),
      SESSION_MAX_TTL: seconds(LIFETIME),
      SESSIONS_PER_USER: "10000",
    },
    clock: createStillClock(),
    // Each story begins with a login.
  });
  email = (await gateway.register()).user.email;
});
afterAll(() => gateway.close());

const wait = (...milliseconds: number[]) => fc.constantFrom(...milliseconds).map(waiting);
const aboutAsLongAsGrace = wait(1, GRACE - 1, GRACE, GRACE + 1);
const waits = fc.oneof(
  { weight: 3, arbitrary: aboutAsLongAsGrace },
  { weight: 1, arbitrary: wait(600_000, IDLE_LIFETIME - 1, IDLE_LIFETIME) },
);
const places = fc.constantFrom<Place[]>("home", "updated", "train", "elsewhere");
/** A client that does what docs/guides/clients.md says, wherever it is. */
const carefulUse = fc.record<Use>({
  who: fc.constant("owner"),
  behind: fc.constant(0),
  key: fc.constant("kept"),
  place: places,
  isLost: fc.boolean(),
});
const use = fc.record<Use>({
  who: fc.constantFrom("owner", "thief"),
  behind: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
  key: fc.constantFrom("kept", "own", "other", "none"),
  place: places,
  isLost: fc.boolean(),
});
/** One whose answer is lost, and the same one again at the last moment of the grace, or the next. */
const lostAndRepeated = fc
  .tuple(use, wait(GRACE, GRACE + 1), use)
  .map(([one, between, other]) =>
    inTurn(refreshing({ ...one, isLost: true }), between, refreshing({ ...other, who: one.who, behind: one.behind })),
  );
/** Another network while an answer is lost, and again after about as many generations as that takes to be forgiven. */
const followedTwice = fc.constantFrom(8, 9).map((generations) => {
  const owner = { who: "owner", behind: 0, key: "none" } as const;
  const lost = refreshing({ ...owner, place: "home", isLost: true });
  const repeated = refreshing({ ...owner, place: "train", isLost: false });
  return inTurn(lost, repeated, goingOn(generations), lost, repeated);
});
const anything = fc.oneof(
  { weight: 8, arbitrary: use.map((one) => refreshing(one)) },
  { weight: 4, arbitrary: fc.tuple(use, use).map(([one, other]) => refreshing(one, other)) },
  { weight: 4, arbitrary: lostAndRepeated },
  { weight: 3, arbitrary: waits },
  { weight: 3, arbitrary: fc.boolean().map(stealing) },
  { weight: 2, arbitrary: followedTwice },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<("user" | "session" | "family" | "generation")[]>("user", "session", "family", "family", "generation")
      .map(forging),
  },
  { weight: 1, arbitrary: fc.constant(loggingOut) },
);

/** The rows say what the model says, and of an ended session nothing that was handed out opens anything. */
async function checkTheEnd(story: Story, real: Played): Promise<void> {
  const { sql } = gateway.database;
  const told = await sql`
    select type from audit_events where session_id = ${real.sessionId} and type <> 'LOGIN_SUCCEEDED' order by type`;
  const [session] = await sql`select generation, end_reason from sessions where id = ${real.sessionId}`;
  const row = session && { ...session, events: told.map(({ type }) => type) };
  const possible = story.worlds.map(({ generation, endReason = null, events }) => ({
    generation,
    end_reason: endReason,
    events: events.toSorted(),
  }));
  expect(possible).toContainEqual(row);
  if (session?.end_reason === null) return;
  for (const token of new Set([real.accessTokens.at(0), real.accessTokens.at(-1)])) {
    expect((await gateway.send(MeDocument, {}, { token })).data?.me ?? null).toBeNull();
  }
  for (const behind of [0, 1]) await refresh(story, real, [{ who: "owner", behind, key: "kept", place: "home", isLost: false }]);
}

/** By turns, until long after the design has to have found the thief: the first turns may only give both the same token. */
async function goOnBoth(story: Story, real: Played, thief: { looksLikeOwner: boolean }): Promise<void> {
  const placeOf = { owner: "home", thief: thief.looksLikeOwner ? "home" : "elsewhere" } as const;
  for (const who of ["owner", "thief", "owner", "thief", "owner", "thief"] as const) {
    await refresh(story, real, [{ who, behind: 0, key: "none", place: placeOf[who], isLost: false }]);
    if (story.worlds.every(({ endReason }) => endReason !== undefined)) return;
    if (thief.looksLikeOwner) gateway.clock.advance(GRACE / 1000 + 1);
  }
}

describe("a session with an owner, a thief, lost answers, other networks and a clock", () => {
  test("answers every refresh as the model does, and nothing of it is alive after its end", async () => {
    const stories = fc.commands([anything], { maxCommands: 14, size: "max" });
    await fc.assert(
      fc.asyncProperty(stories, async (commands) => {
        const { model, real } = await openStory(gateway, email);
        await fc.asyncModelRun(() => ({ model, real }), commands);
        await checkTheEnd(model, real);
      }),
      { numRuns: RUNS },
    );
  });

  test("never signs out an owner who keeps a key for each refresh", async () => {
    const atOnce = fc.tuple(carefulUse, carefulUse).map(([one, other]) => refreshing(one, other));
    const stories = fc.commands([carefulUse.map((one) => refreshing(one)), atOnce, waits], { maxCommands: 14, size: "max" });
    await fc.assert(
      fc.asyncProperty(stories, async (commands) => {
        const { model, real } = await openStory(gateway, email);
        await fc.asyncModelRun(() => ({ model, real }), commands);
        expect(model.answers.filter((answer) => typeof answer === "string" && answer !== "SESSION_ENDED EXPIRED")).toEqual([]);
        await checkTheEnd(model, real);
      }),
      { numRuns: RUNS / 2 },
    );
  });

  test("is ended by a thief who goes on beside its owner, from whatever moment the copy is", async () => {
    const before = fc.oneof({ weight: 4, arbitrary: use.map((one) => refreshing(one)) }, { weight: 1, arbitrary: aboutAsLongAsGrace });
    const stories = fc.commands([before, fc.constant(stealing(false))], { maxCommands: 8, size: "max" });
    await fc.assert(
      fc.asyncProperty(stories, fc.boolean(), async (commands, looksLikeOwner) => {
        const { model, real } = await openStory(gateway, email);
        await fc.asyncModelRun(() => ({ model, real }), commands);
        await stealing(false).run(model, real);
        await goOnBoth(model, real, { looksLikeOwner });
        expect(model.worlds.map(({ endReason }) => endReason)).toEqual(["REUSE_DETECTED"]);
        await checkTheEnd(model, real);
      }),
      { numRuns: RUNS / 2 },
    );
  });
});
