import { randomInt } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { DeleteAccountDocument, LoginDocument, MeFromTokenDocument, RefreshDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestClock } from "../support/clock.ts";
import { untilLockWait } from "../support/databases/lock-waits.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { askForChange, changeEmail, confirm, registerVerified, stateOf, undo, undoTokenOf } from "../support/mail/email-change.ts";
import { rounds } from "../support/rounds.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";
import { findDisagreeing, moveAddress } from "../support/users/addresses.ts";

/*
 * Two things at once, on two gateways: whichever comes first, the state afterwards is one that one of the two orders leads to. Hashes take
 * next to no time here, so that both meet in the statements.
 */

const ROUNDS = rounds(8);
const GRACE = 14 * 86_400;

let one: TestGateway;
let other: TestGateway;
beforeAll(async () => {
  one = await startTestGateway();
  other = await startTestGateway({ database: one.database, clock: one.clock });
});
afterAll(async () => {
  await other.close();
  await one.close();
});
afterEach(async () => expect(await findDisagreeing(one.database.sql)).toEqual([]));

/** Of which now the one and now the other is first by a few milliseconds. */
async function meet<One, Other>(left: () => Promise<One>, right: () => Promise<Other>): Promise<[One, Other]> {
  const late = async <Late>(work: () => Promise<Late>) => {
    for (let turns = randomInt(30); turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
    return work();
  };
  return Promise.all([late(left), late(right)]);
}

const login = (at: TestGateway, email: string) => at.send(LoginDocument, { input: { email, password: PASSWORD } });
const remove = (at: TestGateway, token: string) => at.send(DeleteAccountDocument, {}, { token });

async function isTaken(token: string): Promise<boolean[]> {
  const replies = await Promise.all([one, other].map((gateway) => gateway.send(MeFromTokenDocument, {}, { token })));
  return replies.map(({ errors }) => errors.length === 0);
}
const isRefusedEverywhere = (token: string) => until(async () => !(await isTaken(token)).includes(true), 5000);

/** Holds a transaction of what another process does, until somebody waits for it. */
async function whileHeld<Result>(statements: string, work: () => Promise<Result>): Promise<Result> {
  const held = await one.database.sql.reserve();
  try {
    await held.unsafe(`begin; ${statements}`);
    const working = work();
    await untilLockWait(one.database.sql);
    await held`commit`;
    return await working;
  } finally {
    await held`rollback`;
    held.release();
  }
}

test("of two who confirm with one link, one changes the address", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await registerVerified(one);
    const wanted = newEmail();
    const { token } = await askForChange(one, held, wanted);
    const replies = await meet(
      () => confirm(one, token),
      () => confirm(other, token),
    );
    expect(replies.flatMap(codesOf)).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(await stateOf(one, held.user.id)).toMatchObject({ email: wanted, live: 1, tokens: ["UNDO_EMAIL_CHANGE"] });
  }
});

test("of two accounts that confirm one address, one gets it, and the other stays as it was", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [left, right] = [await registerVerified(one), await registerVerified(one)];
    const wanted = newEmail();
    const { token: leftToken } = await askForChange(one, left, wanted);
    const { token: rightToken } = await askForChange(one, right, wanted);
    const replies = await meet(
      () => confirm(one, leftToken),
      () => confirm(other, rightToken),
    );
    expect(replies.flatMap(codesOf)).toEqual(["EMAIL_TAKEN"]);
    const states = [await stateOf(one, left.user.id), await stateOf(one, right.user.id)];
    expect(states.filter((state) => state?.email === wanted)).toHaveLength(1);
    expect(states.map((state) => state?.live)).toEqual([1, 1]);
  }
});

test("a change and a registration of one address: one of them gets it", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await registerVerified(one);
    const wanted = newEmail();
    const { token } = await askForChange(one, held, wanted);
    const replies = await meet(
      () => confirm(one, token),
      () => other.send(RegisterDocument, { input: { email: wanted, password: PASSWORD } }),
    );
    expect(replies.flatMap(codesOf)).toEqual(["EMAIL_TAKEN"]);
    expect(await one.database.sql`select id from users where email_key = ${wanted}`).toHaveLength(1);
  }
});

test("whoever waits for an address while its owner gives it up and reserves it gets it neither by change nor by registering", async () => {
  const [rival, wanted] = [await registerVerified(one), newEmail()];
  const { token } = await askForChange(one, rival, wanted);
  const owner = await registerVerified(one);
  await moveAddress(one.database.sql, owner.user.id, wanted);
  const givesUp = (email: string, next = newEmail()) => `
    update email_addresses set state = 'RESERVED', until = now() + '7 days' where email_key = '${email}';
    insert into email_addresses (email_key, user_id, state) values ('${next}', '${owner.user.id}', 'ACCOUNT');
    update users set email = '${next}', email_key = '${next}' where email_key = '${email}';
    insert into one_time_tokens (id, purpose, user_id, has_account, email, email_key, token_hash, created_at, expires_at)
    values (gen_random_uuid(), 'UNDO_EMAIL_CHANGE', '${owner.user.id}', true, '${email}', '${email}',
      sha256(convert_to(gen_random_uuid()::text, 'UTF8')), now(), now() + '7 days')`;
  const confirmed = await whileHeld(givesUp(wanted), () => confirm(other, token));
  expect(codesOf(confirmed)).toEqual(["EMAIL_TAKEN"]);
  expect(await stateOf(one, rival.user.id)).toMatchObject({ email: rival.user.email, live: 1 });

  // Where addresses have to be verified, registering does not look first, but inserts.
  const strict = await startTestGateway({ database: one.database, clock: one.clock, env: { EMAIL_VERIFICATION: "required" } });
  const input = { email: owner.user.email, password: PASSWORD };
  await moveAddress(one.database.sql, owner.user.id, input.email);
  const registered = await whileHeld(givesUp(input.email), () => strict.send(RegisterDocument, { input }));
  expect(codesOf(registered)).toEqual(["EMAIL_NOT_VERIFIED"]);
  expect(await one.database.sql`select id from users where email_key in (${wanted}, ${input.email})`).toHaveLength(0);
  await strict.close();
});

test("an undo that meets the confirmation of the next change has the last word: nothing lives, no link is good but its own", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await registerVerified(one);
    const moved = await changeEmail(one, held, newEmail());
    const undoToken = await undoTokenOf(one, held.user.email);
    const { token } = await askForChange(one, moved, newEmail());
    const [confirmed, undone] = await meet(
      () => confirm(one, token),
      () => undo(other, undoToken),
    );
    expect(codesOf(undone)).toEqual([]);
    expect([[], ["INVALID_ONE_TIME_TOKEN"]]).toContainEqual(codesOf(confirmed));
    expect(await stateOf(one, held.user.id)).toMatchObject({ email: held.user.email, live: 0, tokens: ["RESET_PASSWORD"] });
    await isRefusedEverywhere(moved.accessToken);
    expect(codesOf(await confirm(one, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  }
});

test("a login that meets the deletion ends with it or takes it back: never has an account to be erased a session", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await one.register();
    const [signedIn, removed] = await meet(
      () => login(one, held.user.email),
      () => remove(other, held.accessToken),
    );
    expect(codesOf(removed)).toEqual([]);
    const { accessToken } = dataOf(signedIn).login;
    const state = await stateOf(one, held.user.id);
    const isRestored = state?.erasure_at === null;
    expect(state?.live).toBe(isRestored ? 1 : 0);
    if (isRestored) expect(await isTaken(accessToken)).toEqual([true, true]);
    else await isRefusedEverywhere(accessToken);
    await isRefusedEverywhere(held.accessToken);
  }
});

test("a refresh that meets the deletion leaves no live session and no good access token", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await one.register();
    const [refreshed, removed] = await meet(
      () => one.send(RefreshDocument, { input: { refreshToken: held.refreshToken } }),
      () => remove(other, held.accessToken),
    );
    expect(codesOf(removed)).toEqual([]);
    expect(await stateOf(one, held.user.id)).toMatchObject({ live: 0 });
    const successor = refreshed.data?.refresh;
    if (successor !== undefined) await isRefusedEverywhere(successor.accessToken);
    const again = await other.send(RefreshDocument, { input: { refreshToken: successor?.refreshToken ?? held.refreshToken } });
    expect(again.errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "ACCOUNT_DELETED" });
  }
});

test("a refresh that meets the change of its user's address leaves no good access token with the old one", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await registerVerified(one);
    const wanted = newEmail();
    const { token } = await askForChange(one, held, wanted);
    const [refreshed, confirmed] = await meet(
      () => one.send(RefreshDocument, { input: { refreshToken: held.refreshToken } }),
      () => confirm(other, token),
    );
    expect(codesOf(confirmed)).toEqual([]);
    const { accessToken, user } = dataOf(refreshed).refresh;
    if (user.email === wanted) expect(await isTaken(accessToken)).toEqual([true, true]);
    else await isRefusedEverywhere(accessToken);
    await isRefusedEverywhere(held.accessToken);
  }
});

test.each([
  ["the password becomes another one", "password_hash = '!'"],
  ["an admin disables the user", "status = 'DISABLED'"],
])("a login that would take a deletion back is refused where meanwhile %s", async (_what, change) => {
  const { user, accessToken } = await one.register();
  dataOf(await remove(one, accessToken));
  const reply = await whileHeld(`update users set ${change} where id = '${user.id}'`, () => login(other, user.email));
  expect(codesOf(reply)).toEqual(["INVALID_CREDENTIALS"]);
  const state = await stateOf(one, user.id);
  expect(state).toMatchObject({ live: 0 });
  expect(state?.erasure_at).not.toBeNull();
});

test("a login that meets the erasure is refused, or takes it back: nothing is alive of what is erased", async () => {
  // For this gateway the time has not come yet, by as much as two clocks may differ.
  const ahead = createTestClock();
  const eraser = await startTestGateway({ database: one.database, clock: ahead });
  let now = one.clock.now().getTime();
  ahead.advance((now - Date.now()) / 1000 + GRACE);
  // What has begun is looked at again and again for a minute, so that rounds become slower.
  for (let round = 0; round < ROUNDS / 2; round += 1) {
    const held = await one.register();
    dataOf(await remove(one, held.accessToken));
    now = one.clock.now().getTime();
    ahead.advance((now - ahead.now().getTime()) / 1000 + GRACE + 1);
    const [signedIn] = await meet(
      () => login(one, held.user.email),
      () => eraser.auth.accountLife.eraseAccounts(),
    );
    const state = await stateOf(one, held.user.id);
    if (signedIn.data?.login === undefined) {
      expect(codesOf(signedIn)).toEqual(["INVALID_CREDENTIALS"]);
      expect(state).toMatchObject({ email: "erased", status: "DISABLED", live: 0 });
    } else {
      expect(state).toMatchObject({ email: held.user.email, erasure_at: null, live: 1 });
      expect(await isTaken(signedIn.data.login.accessToken)).toEqual([true, true]);
    }
  }
  await eraser.close();
});
