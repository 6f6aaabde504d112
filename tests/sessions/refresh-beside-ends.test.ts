import { afterAll, beforeAll, expect, test } from "vitest";
import { LogoutAllDocument, MeFromTokenDocument, RefreshDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { untilLockWait } from "../support/databases/lock-waits.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { addSessions } from "../support/sessions/many-sessions.ts";
import { places } from "../support/sessions/refresh-story.ts";

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

  const { following } = await sql.begin(async (tx) => {
    await tx`select from sessions where user_id = ${first.user.id} and id = ${first.session.id} for update`;
    const following = refresh(places.elsewhere.headers);
    await untilLockWait(sql);
    dataOf(await gateway.send(LogoutAllDocument, {}, { token: second.accessToken }));
    return { following };
  });

  const { data } = await following;
  // It was under way before the others ended, so it may be answered; what it was given opens nothing.
  expect(data?.refresh.session.id).toBe(first.session.id);
  const { accessToken = "", refreshToken = null } = data?.refresh ?? {};
  expect((await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).errors[0]?.extensions.reason).toBe("revoked");
  expect(codesOf(await gateway.send(RefreshDocument, { input: { refreshToken } }))).toEqual(["SESSION_ENDED"]);
});
