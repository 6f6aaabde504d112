import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findChangedSessions, findSessionsToWatch, type SeenSession } from "../../../src/auth/sessions/live/session-watch-store.ts";
import { createWatchedUsers, MAXIMUM_REMEMBERED_SESSIONS } from "../../../src/auth/sessions/live/watched-users.ts";
import { type OpenDatabase, openDatabase } from "../../../src/database/open-database.ts";
import { LogoutAllDocument } from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { SCHEMA } from "../../support/raw-client.ts";
import { addSessions } from "../../support/sessions/many-sessions.ts";

let gateway: TestGateway;
let opened: OpenDatabase;
beforeAll(async () => {
  gateway = await startTestGateway();
  opened = openDatabase({ url: gateway.database.url, schema: SCHEMA, poolSize: 2 });
});
afterAll(async () => {
  await opened.close();
  await gateway.close();
});

/** What one look can show: so many that are open, and as many that have ended. */
const ONE_LOOK = 2000;
const aMinuteBefore = (at: Date) => new Date(at.getTime() - 60_000);

test("a look at a user with any number of sessions reads a bounded number of them, changed or ended", async () => {
  const { user, accessToken } = await gateway.register();
  await addSessions(gateway, user.id, 5000);
  const now = gateway.clock.now();
  const watched = { userId: user.id, since: aMinuteBefore(now) };
  const looks = async () => [
    (await findChangedSessions(opened.database, [watched])).length,
    (await findSessionsToWatch(opened.database, watched, now)).length,
  ];
  for (const count of await looks()) expect(count).toBeLessThanOrEqual(ONE_LOOK);
  dataOf(await gateway.send(LogoutAllDocument, {}, { token: accessToken }));
  for (const count of await looks()) expect(count).toBeLessThanOrEqual(ONE_LOOK);
});

test("eight thousand sessions that open while somebody listens do not stay in memory", async () => {
  const users = createWatchedUsers(() => undefined);
  const now = new Date();
  const look = { now, since: aMinuteBefore(now) };
  users.begin("u", [], look);
  const events = users.subscribe("u");
  const user = users.find("u") ?? expect.fail("nobody is watched");
  const all = Array.from({ length: 8000 }, () => seen(now));
  // Fewer at a time than may wait for a subscriber.
  for (let index = 0; index < all.length; index += 200) {
    users.compare(user, all.slice(index, index + 200), look);
    for (let taken = 0; taken < 200; taken += 1) await events?.next();
  }
  const remembered = all.filter(({ session }) => users.findBySession(session.id) !== undefined);
  expect(remembered).toEqual(all.slice(-MAXIMUM_REMEMBERED_SESSIONS));
});

function seen(at: Date): SeenSession {
  const later = new Date(at.getTime() + 3_600_000);
  const facts = { endedAt: null, endReason: null, ipAddress: null, userAgent: null };
  return {
    generation: 0,
    session: { id: randomUUID(), userId: "u", createdAt: at, lastUsedAt: at, idleExpiresAt: later, expiresAt: later, ...facts },
  };
}
