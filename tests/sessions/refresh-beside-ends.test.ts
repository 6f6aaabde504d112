import { afterAll, beforeAll, expect, test } from "vitest";
import { LogoutAllDocument, MeFromTokenDocument, RefreshDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { countLockWaits, untilLockWait } from "../support/databases/lock-waits.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { rounds } from "../support/rounds.ts";
import { addSessions } from "../support/sessions/many-sessions.ts";
import { places } from "../support/sessions/refresh-story.ts";
import { until } from "../support/until.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
});
afterAll(() => gateway.close());

/** Sessions beyond these are ended by one row, and their own rows are left alone at first: a lock on one holds up nobody. */
const MARKED_AT_ONCE = 200;

test("what a follower is given while all sessions end is refused with them", async () => {
  const { sql } = gateway.database;
  const first = await gateway.register();
  const second = await gateway.login(first.user.email);
  await addSessions(gateway, first.user.id, MARKED_AT_ONCE);
  await sql`update sessions set opened_version = (select version from users where id = ${first.user.id}) where user_id = ${first.user.id}`;
  const refresh = (headers: Record<string, string>) =>
    gateway.send(RefreshDocument, { input: { refreshToken: first.refreshToken } }, { headers });
  dataOf(await refresh(places.home.headers));

  const { following, ending } = await sql.begin(async (tx) => {
    await tx`select from sessions where user_id = ${first.user.id} and id = ${first.session.id} for update`;
    const following = refresh(places.elsewhere.headers);
    await untilLockWait(sql);
    let isEnded = false;
    const ending = gateway.send(LogoutAllDocument, {}, { token: second.accessToken }).finally(() => {
      isEnded = true;
    });
    // It may go on, or wait for the follower.
    await until(async () => isEnded || (await countLockWaits(sql)) > 1, 10_000);
    return { following, ending };
  });
  dataOf(await ending);

  const { data } = await following;
  // It was under way before the others ended, so it may be answered; what it was given opens nothing.
  expect(data?.refresh.session.id).toBe(first.session.id);
  const { accessToken = "", refreshToken = null } = data?.refresh ?? {};
  expect((await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).errors[0]?.extensions.reason).toBe("revoked");
  expect(codesOf(await gateway.send(RefreshDocument, { input: { refreshToken } }))).toEqual(["SESSION_ENDED"]);
});

test.each(["follower", "thief"])("sessions end together, whoever refreshes one meanwhile as a %s", async (kind) => {
  for (let round = 0; round < rounds(6); round += 1) {
    const user = await gateway.register();
    await gateway.database.sql`update users set email_verified = true where id = ${user.user.id}`;
    const others = await Promise.all(Array.from({ length: 3 }, () => gateway.login(user.user.email)));
    const rotate = async (refreshToken: string | null) =>
      dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } }, { headers: places.home.headers })).refresh.refreshToken;
    for (const { refreshToken } of others) {
      const next = await rotate(refreshToken);
      if (kind === "thief") await rotate(next);
    }
    const [ended, ...refreshed] = await Promise.all([
      gateway.send(LogoutAllDocument, {}, { token: user.accessToken }),
      ...others.map(({ refreshToken }) =>
        gateway.send(RefreshDocument, { input: { refreshToken } }, { headers: places.elsewhere.headers }),
      ),
    ]);
    expect([ended, ...refreshed].flatMap(codesOf)).not.toContain("SERVICE_UNAVAILABLE");
    dataOf(ended);
    for (const { data } of refreshed) {
      if (data === null || data === undefined) continue;
      const reply = await gateway.send(MeFromTokenDocument, {}, { token: data.refresh.accessToken });
      expect(reply.errors[0]?.extensions.reason).toBe("revoked");
    }
  }
});
