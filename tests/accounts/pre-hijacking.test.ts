import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  LoginDocument,
  RefreshDocument,
  RegisterDocument,
  RequestEmailVerificationDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
  VerifyEmailDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lastFacts, messagesTo, tokenOf } from "../support/mail/outbox.ts";
import { runCommand } from "../support/processes/command-line.ts";
import { newEmail } from "../support/sign-in.ts";

/*
 * Somebody registers with an address that is another's, and waits for its owner ("Pre-hijacked accounts", USENIX Security 2022). Whoever
 * reads the mail takes the account, and nothing of the attacker's is left in it.
 */

const ATTACKER = "the attacker walks by the sea";
const OWNER = "the owner walks in the woods";
const NEW = "the owner walks home again";

let database: TestDatabase;
let required: TestGateway;
let optional: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  required = await startTestGateway({ database, env: { EMAIL_VERIFICATION: "required" } });
  optional = await startTestGateway({ database, env: { EMAIL_VERIFICATION: "optional" } });
});
afterAll(async () => {
  await Promise.all([required.close(), optional.close()]);
  await database.drop();
});

const register = (email: string, password: string, on = required) => on.send(RegisterDocument, { input: { email, password } });
const login = (email: string, password: string) => required.send(LoginDocument, { input: { email, password } });
const linkTo = async (email: string) => tokenOf(await lastFacts(required, email, "verify_email"));
const resetLinkTo = async (email: string) => tokenOf(await lastFacts(required, email, "reset_password"));
const verify = (token: string) => required.send(VerifyEmailDocument, { input: { token } });
const reset = (token: string, newPassword = NEW) => required.send(ResetPasswordDocument, { input: { token, newPassword } });
const topicsTo = async (email: string) => (await messagesTo(required, email)).map(({ content }) => content.template);

async function expectOnly(email: string, password: string): Promise<void> {
  for (const other of [ATTACKER, OWNER, NEW].filter((each) => each !== password)) {
    expect(codesOf(await login(email, other))).toEqual(["INVALID_CREDENTIALS"]);
  }
  expect(dataOf(await login(email, password)).login.user).toMatchObject({ email, emailVerified: true });
}

describe("an attacker who registered first", () => {
  test("loses password and sessions when the owner registers and proves the address", async () => {
    const email = newEmail();
    // While no proof was required, a session came with it.
    const { refreshToken, accessToken } = dataOf(await register(email, ATTACKER, optional)).register;
    dataOf(await optional.send(RequestPasswordResetDocument, { email }));
    const resetLink = await resetLinkTo(email);
    await register(email, OWNER);
    // Before the proof the account's own password is the right one, and lets nobody in.
    expect(codesOf(await login(email, ATTACKER))).toEqual(["EMAIL_NOT_VERIFIED"]);
    expect(codesOf(await login(email, OWNER))).toEqual(["INVALID_CREDENTIALS"]);
    dataOf(await verify(await linkTo(email)));
    for (const password of [ATTACKER, OWNER]) expect(codesOf(await login(email, password))).toEqual(["INVALID_CREDENTIALS"]);
    const refreshed = await required.send(RefreshDocument, { input: { refreshToken } });
    expect(refreshed.errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "ADDRESS_PROVEN" });
    const me = await required.post({ query: "{ me { id } }" }, { token: accessToken });
    expect(me.errors[0]?.extensions).toMatchObject({ reason: "revoked" });
    expect(codesOf(await reset(resetLink))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    dataOf(await reset(await resetLinkTo(email)));
    await expectOnly(email, NEW);
    const [proven] = await database.sql`select detail from audit_events join users on users.id = user_id
      where email_key = ${email} and type = 'EMAIL_VERIFIED'`;
    expect(proven?.detail).toEqual({ passwordReplaced: true, endedSessions: 1 });
  });

  test("or second gains nothing by the owner's click on the newest message, whose words are those of the owner's own", async () => {
    const email = newEmail();
    await register(email, OWNER);
    await register(email, ATTACKER);
    dataOf(await verify(await linkTo(email)));
    for (const password of [ATTACKER, OWNER]) expect(codesOf(await login(email, password))).toEqual(["INVALID_CREDENTIALS"]);
    dataOf(await reset(await resetLinkTo(email)));
    await expectOnly(email, NEW);
  });

  test("loses both when the owner sets a new password by mail", async () => {
    const email = newEmail();
    const { refreshToken } = dataOf(await register(email, ATTACKER, optional)).register;
    const attackersLink = await linkTo(email);
    dataOf(await required.send(RequestPasswordResetDocument, { email }));
    expect(dataOf(await reset(await resetLinkTo(email))).resetPassword.endedSessions).toBe(1);
    await expectOnly(email, NEW);
    expect(codesOf(await required.send(RefreshDocument, { input: { refreshToken } }))).toEqual(["SESSION_ENDED"]);
    expect(codesOf(await verify(attackersLink))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });

  test("has no claim left after the owner's reset: an older message of a registration proves nothing", async () => {
    const email = newEmail();
    await register(email, OWNER);
    await register(email, ATTACKER);
    const claim = await linkTo(email);
    dataOf(await required.send(RequestPasswordResetDocument, { email }));
    dataOf(await reset(await resetLinkTo(email)));
    expect(codesOf(await verify(claim))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    await expectOnly(email, NEW);
  });

  test("and registers again after the owner gains nothing: nobody's password counts, and the owner is sent a link to set one", async () => {
    const email = newEmail();
    await register(email, ATTACKER);
    await register(email, OWNER);
    const owners = await linkTo(email);
    await register(email, ATTACKER);
    expect(codesOf(await verify(owners))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    dataOf(await verify(await linkTo(email)));
    for (const password of [ATTACKER, OWNER]) expect(codesOf(await login(email, password))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await topicsTo(email)).toEqual(["verify_email", "verify_email", "verify_email", "reset_password"]);
    dataOf(await reset(await resetLinkTo(email)));
    await expectOnly(email, NEW);
  });
});

describe("an attacker who waits until the owner's message is too old", () => {
  async function expectNobodys(email: string): Promise<void> {
    dataOf(await required.send(RequestEmailVerificationDocument, { email }));
    dataOf(await verify(await linkTo(email)));
    for (const password of [ATTACKER, OWNER]) expect(codesOf(await login(email, password))).toEqual(["INVALID_CREDENTIALS"]);
    dataOf(await reset(await resetLinkTo(email)));
    await expectOnly(email, NEW);
  }

  test("gains nothing when the owner asks for another: that somebody else registered is not forgotten with the token", async () => {
    const email = newEmail();
    await register(email, ATTACKER);
    await register(email, OWNER);
    const owners = await linkTo(email);
    required.clock.advance(30 * 3600);
    await required.auth.purge();
    expect(codesOf(await verify(owners))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    await expectNobodys(email);
  });

  test("or makes it void by deleting the account gains nothing, either", async () => {
    const email = newEmail();
    const { accessToken } = dataOf(await register(email, ATTACKER, optional)).register;
    await register(email, OWNER);
    const owners = await linkTo(email);
    const query = "mutation ($password: String!) { deleteAccount(input: { password: $password }) { erasureAt } }";
    dataOf(await optional.post({ query, variables: { password: ATTACKER } }, { token: accessToken }));
    await optional.auth.purge();
    expect(codesOf(await verify(owners))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    await expectNobodys(email);
  });
});

describe("an attacker who registers between the owner's registration and its proof", () => {
  test("makes the owner's link void, and gains nothing when the owner asks for another", async () => {
    const email = newEmail();
    await register(email, OWNER);
    const owners = await linkTo(email);
    await register(email, ATTACKER);
    expect(codesOf(await verify(owners))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    dataOf(await required.send(RequestEmailVerificationDocument, { email }));
    dataOf(await verify(await linkTo(email)));
    for (const password of [ATTACKER, OWNER]) expect(codesOf(await login(email, password))).toEqual(["INVALID_CREDENTIALS"]);
    dataOf(await reset(await resetLinkTo(email)));
    await expectOnly(email, NEW);
  });

  test("cannot do so once the address is proven: the owner alone hears of it", async () => {
    const email = newEmail();
    await register(email, OWNER);
    dataOf(await verify(await linkTo(email)));
    const before = await database.sql`select * from users where email_key = ${email}`;
    expect(codesOf(await register(email, ATTACKER))).toEqual(["EMAIL_NOT_VERIFIED"]);
    expect(await topicsTo(email)).toEqual(["verify_email", "already_registered"]);
    expect(await database.sql`select * from users where email_key = ${email}`).toEqual(before);
    expect(await lastFacts(required, email, "already_registered")).toEqual({ link: "http://localhost:0/account/forgotten-password" });
    await expectOnly(email, OWNER);
  });
});

test("asking for another message makes no claim of a plain registration: its password stays", async () => {
  const email = newEmail();
  await register(email, OWNER);
  dataOf(await required.send(RequestEmailVerificationDocument, { email }));
  dataOf(await verify(await linkTo(email)));
  await expectOnly(email, OWNER);
});

test("what an operator decides is not undone by a message of before", async () => {
  const email = newEmail();
  await register(email, OWNER);
  await register(email, ATTACKER);
  const link = await linkTo(email);
  dataOf(await required.send(RequestPasswordResetDocument, { email }));
  const resetLink = await resetLinkTo(email);
  const operator = await runCommand(["create-admin", "--promote", email], { env: { DATABASE_URL: database.url }, input: `${NEW}\n` });
  expect(operator.code, operator.stderr).toBe(0);
  expect(codesOf(await verify(link))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  expect(codesOf(await reset(resetLink, ATTACKER))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  await expectOnly(email, NEW);
});
