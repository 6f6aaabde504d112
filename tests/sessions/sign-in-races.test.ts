import { randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ChangePasswordDocument,
  DisableUserDocument,
  LoginDocument,
  LogoutAllDocument,
  MeFromTokenDocument,
  SetUserRolesDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { rounds } from "../support/rounds.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";

/*
 * A login on one gateway, and on another one what ends or changes its user's rights: whichever comes first, nothing is left that the
 * second one should have taken away. Hashes take next to no time here, so that both meet in the statements.
 */

const ROUNDS = rounds(10);

let one: TestGateway;
let other: TestGateway;
let admin: string;
beforeAll(async () => {
  one = await startTestGateway();
  other = await startTestGateway({ database: one.database });
  admin = (await one.registerAdmin()).accessToken;
});
afterAll(async () => {
  await other.close();
  await one.close();
});

/** A login and something else, of which now the one and now the other is first by a few milliseconds. */
async function meet<Result>(email: string, change: () => Promise<Result>) {
  const login = () => one.send(LoginDocument, { input: { email, password: PASSWORD } });
  const late = async <Late>(work: () => Promise<Late>) => {
    for (let turns = randomInt(30); turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
    return work();
  };
  return Promise.all([late(login), late(change)]);
}

async function signInsOf(userId: string) {
  const [row] = await one.database.sql`
    select (select count(*)::int from sessions where user_id = ${userId} and ended_at is null) as live,
      (select count(*)::int from sessions where user_id = ${userId}) as sessions,
      (select count(*)::int from audit_events where user_id = ${userId} and type = 'LOGIN_SUCCEEDED') as told`;
  return row;
}

async function isTaken(gateway: TestGateway, token: string): Promise<boolean> {
  return (await gateway.send(MeFromTokenDocument, {}, { token })).errors.length === 0;
}

const isRefusedEverywhere = (token: string) => until(async () => !(await isTaken(one, token)) && !(await isTaken(other, token)), 5000);

test("a login that meets the disabling of its user leaves no live session and no token that is taken", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { user } = await one.register();
    const [login, disabled] = await meet(user.email, () => other.send(DisableUserDocument, { userId: user.id }, { token: admin }));
    expect(codesOf(disabled)).toEqual([]);
    const opened = login.data?.login;
    if (opened !== undefined) await isRefusedEverywhere(opened.accessToken);
    const sessions = opened === undefined ? 1 : 2;
    expect(await signInsOf(user.id)).toEqual({ live: 0, sessions, told: sessions - 1 });
  }
});

test("a login that meets a change of its user's roles has the new roles, or a token that is not taken", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { user } = await one.register();
    const variables = { userId: user.id, roles: ["user", "admin"] };
    const [login, changed] = await meet(user.email, () => other.send(SetUserRolesDocument, variables, { token: admin }));
    expect(codesOf(changed)).toEqual([]);
    const { accessToken } = dataOf(login).login;
    const claims = JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString()) as { roles: string[] };
    if (!claims.roles.includes("admin")) await isRefusedEverywhere(accessToken);
    else expect([await isTaken(one, accessToken), await isTaken(other, accessToken)]).toEqual([true, true]);
    expect(await signInsOf(user.id)).toEqual({ live: 2, sessions: 2, told: 1 });
  }
});

test("a login with the old password that meets the change of it leaves no live session and no token that is taken", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { user, accessToken, session } = await one.register();
    const input = { currentPassword: PASSWORD, newPassword: "a longer walk by the sea" };
    const [login, changed] = await meet(user.email, () => other.send(ChangePasswordDocument, { input }, { token: accessToken }));
    expect(codesOf(changed)).toEqual([]);
    const opened = login.data?.login;
    if (opened !== undefined) await isRefusedEverywhere(opened.accessToken);
    const sessions = opened === undefined ? 1 : 2;
    expect(await signInsOf(user.id)).toEqual({ live: 1, sessions, told: sessions - 1 });
    const [kept] = await one.database.sql`select ended_at from sessions where id = ${session.id}`;
    expect(kept?.ended_at).toBeNull();
  }
});

test("a login that meets the end of all sessions is among them, or begins after it", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { user, accessToken } = await one.register();
    const [login, ended] = await meet(user.email, () => other.send(LogoutAllDocument, {}, { token: accessToken }));
    const isAmongThem = dataOf(ended).logoutAll?.endedSessions === 2;
    const { accessToken: opened } = dataOf(login).login;
    if (isAmongThem) await isRefusedEverywhere(opened);
    else expect([await isTaken(one, opened), await isTaken(other, opened)]).toEqual([true, true]);
    expect(await signInsOf(user.id)).toEqual({ live: isAmongThem ? 0 : 1, sessions: 2, told: 1 });
  }
});
