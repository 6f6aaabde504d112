import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  LoginDocument,
  MeDocument,
  RegisterDocument,
  RequestEmailVerificationDocument,
  RequestPasswordResetDocument,
  VerifyEmailDocument,
  type VerifyEmailInput,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lastFacts, messagesTo, tokenOf } from "../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let database: TestDatabase;
/** By EMAIL_VERIFICATION, on one database. */
let off: TestGateway;
let optional: TestGateway;
let required: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  const start = (mode: string) => startTestGateway({ database, env: { EMAIL_VERIFICATION: mode } });
  [off, optional, required] = [await start("off"), await start("optional"), await start("required")];
});
afterAll(async () => {
  await Promise.all([off.close(), optional.close(), required.close()]);
  await database.drop();
});

const register = (gateway: TestGateway, email: string, password = PASSWORD) =>
  gateway.send(RegisterDocument, { input: { email, password } });
const login = (gateway: TestGateway, email: string, password = PASSWORD) => gateway.send(LoginDocument, { input: { email, password } });
const verify = (gateway: TestGateway, input: VerifyEmailInput) => gateway.send(VerifyEmailDocument, { input });
const ask = async (gateway: TestGateway, email: string) => dataOf(await gateway.send(RequestEmailVerificationDocument, { email }));
const attemptFor = async (email: string) => ({ attempt: (await ask(optional, email)).requestEmailVerification.attempt });
const factsFor = (email: string) => lastFacts(optional, email, "verify_email");
const topicsTo = async (email: string) => (await messagesTo(optional, email)).map(({ content }) => content.template);

async function rowOf(email: string) {
  const [row] = await database.sql`select email_verified, password_hash, version, status,
    (select count(*)::int from sessions where user_id = users.id and ended_at is null) as live,
    (select array_agg(type order by id) from audit_events where user_id = users.id and succeeded) as events,
    (select count(*)::int from one_time_tokens where user_id = users.id) as tokens
    from users where email_key = ${email}`;
  return row;
}

describe("EMAIL_VERIFICATION", () => {
  test("off: registering signs in and sends nothing; a message is sent to whoever asks", async () => {
    const email = newEmail();
    dataOf(await register(off, email));
    expect(await topicsTo(email)).toEqual([]);
    await ask(off, email);
    expect(dataOf(await verify(off, { token: tokenOf(await factsFor(email)) })).verifyEmail).toEqual({ email });
  });

  test("optional: registering signs in, and sends the message in the same transaction", async () => {
    const email = newEmail();
    const { user, accessToken } = dataOf(await register(optional, email)).register;
    expect(user.emailVerified).toBe(false);
    const [message, ...others] = await messagesTo(optional, email);
    expect(others).toEqual([]);
    expect(message).toMatchObject({ to: email, userId: user.id, content: { template: "verify_email" } });
    const ttl = (message?.expiresAt.getTime() ?? 0) - (message?.createdAt.getTime() ?? 0);
    expect(Math.round(ttl / 3_600_000)).toBe(24);
    dataOf(await verify(optional, { token: tokenOf(await factsFor(email)) }));
    // The session goes on: nothing that its tokens say has changed.
    expect(dataOf(await optional.send(MeDocument, {}, { token: accessToken })).me?.emailVerified).toBe(true);
    expect(await rowOf(email)).toMatchObject({ version: 1, live: 1, tokens: 0, events: ["REGISTERED", "EMAIL_VERIFIED"] });
  });

  test("optional: a registration that is refused sends nothing", async () => {
    const email = newEmail();
    dataOf(await register(optional, email));
    expect(codesOf(await register(optional, email, "another walk by the sea"))).toEqual(["EMAIL_TAKEN"]);
    expect(await topicsTo(email)).toEqual(["verify_email"]);
  });

  test("required: registering opens no session; until the address is proven, login says so after the right password alone", async () => {
    const email = newEmail();
    const registered = await register(required, email);
    expect([registered.status, registered.data, codesOf(registered)]).toEqual([200, null, ["EMAIL_NOT_VERIFIED"]]);
    expect(registered.headers.get("set-cookie")).toBeNull();
    expect(codesOf(await login(required, email))).toEqual(["EMAIL_NOT_VERIFIED"]);
    expect(codesOf(await login(required, email, "another walk by the sea"))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await rowOf(email)).toMatchObject({ email_verified: false, live: 0, events: ["REGISTERED"] });
    const failures = await database.sql`select detail from audit_events join users on users.id = user_id
      where email_key = ${email} and type = 'LOGIN_FAILED' order by audit_events.id`;
    expect(failures.map(({ detail }) => detail.reason)).toEqual(["email_not_verified", "wrong_password"]);
    dataOf(await verify(required, { token: tokenOf(await factsFor(email)) }));
    expect(dataOf(await login(required, email)).login.user.emailVerified).toBe(true);
  });

  test("required: a disabled user is told nothing of the address, the password right or wrong", async () => {
    const email = newEmail();
    await register(required, email);
    await database.sql`update users set status = 'DISABLED' where email_key = ${email}`;
    expect(codesOf(await login(required, email))).toEqual(["INVALID_CREDENTIALS"]);
    // Whoever proves the address of a disabled account enables nobody.
    dataOf(await verify(required, { token: tokenOf(await factsFor(email)) }));
    expect(await rowOf(email)).toMatchObject({ email_verified: true, status: "DISABLED" });
    expect(codesOf(await login(required, email))).toEqual(["INVALID_CREDENTIALS"]);
  });

  test("required: a right password before the proof gives its attempt back, as a success does", async () => {
    const limited = await startTestGateway({ database, env: { EMAIL_VERIFICATION: "required" }, limits: "{}" });
    const email = newEmail();
    await register(required, email);
    for (let round = 0; round < 8; round += 1) expect(codesOf(await login(limited, email))).toEqual(["EMAIL_NOT_VERIFIED"]);
    await limited.close();
  });

  test("required: accounts that an operator makes count as verified", async () => {
    const [email, password] = ["operator@example.com", "a long walk by the sea, twice"];
    const own = await createTestDatabase();
    const env = { EMAIL_VERIFICATION: "required", ADMIN_EMAIL: email, ADMIN_PASSWORD: password };
    const gateway = await startTestGateway({ database: own, env });
    expect(dataOf(await login(gateway, email, password)).login.user).toMatchObject({ emailVerified: true, roles: ["user", "admin"] });
    await gateway.close();
    await own.drop();
  });
});

describe("verifyEmail", () => {
  test("takes the code in whatever spelling of code and address", async () => {
    const { user } = await optional.register();
    const { attempt } = (await ask(optional, user.email)).requestEmailVerification;
    const { code } = await factsFor(user.email);
    const proof = { email: ` ${user.email.toUpperCase()} `, code: `${code.slice(0, 3)}-${code.slice(3)} `, attempt };
    expect(dataOf(await verify(optional, proof)).verifyEmail.email).toBe(user.email);
    // Link and code are one token: with it, the other one is used.
    expect(codesOf(await verify(optional, { token: tokenOf(await factsFor(user.email)) }))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });

  test.each<[string, VerifyEmailInput]>([
    ["nothing", {}],
    ["nulls", { token: null, email: null, code: null }],
    ["both", { token: "ot1_x", email: "a@example.com", code: "123456" }],
    ["a token and an address", { token: "ot1_x", email: "a@example.com" }],
    ["an address alone", { email: "a@example.com" }],
    ["a code alone", { code: "123456" }],
    ["a code without its attempt", { email: "a@example.com", code: "123456" }],
  ])("refuses %s as input", async (_name, input) => {
    const reply = await verify(optional, input);
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    expect(Object.keys(reply.errors[0]?.extensions.fields ?? {})).toEqual(["token"]);
  });

  test.each<[string, (email: string) => Promise<VerifyEmailInput>]>([
    ["a token that was never issued", async () => ({ token: `ot2_${"A".repeat(64)}` })],
    ["what is no token", async () => ({ token: "'; drop table users; --" })],
    ["a token with a space", async (email) => ({ token: `${tokenOf(await factsFor(email))} ` })],
    ["a token of another purpose", async (email) => ({ token: await resetTokenOf(email) })],
    [
      "a wrong code",
      async (email) => ({ email, ...(await attemptFor(email)), code: (await factsFor(email)).code === "111111" ? "222222" : "111111" }),
    ],
    ["what is no code", async (email) => ({ email, ...(await attemptFor(email)), code: "\0" })],
    [
      "another user's code",
      async (email) => ({ email, ...(await attemptFor(email)), code: (await factsFor((await optional.register()).user.email)).code }),
    ],
    [
      "a code for an address without account",
      async (email) => ({ email: newEmail(), ...(await attemptFor(email)), code: (await factsFor(email)).code }),
    ],
    ["a token that a newer one has replaced", replacedToken],
  ])("refuses %s, in the same words", async (_name, wrong) => {
    const { user } = await optional.register();
    const reply = await verify(optional, await wrong(user.email));
    expect(reply.errors.map(({ message, extensions }) => ({ message, extensions }))).toEqual([
      {
        message: "The link or code is wrong, has expired or has been used; ask for a new one.",
        extensions: { code: "INVALID_ONE_TIME_TOKEN" },
      },
    ]);
    expect(await rowOf(user.email)).toMatchObject({ email_verified: false });
    // What is right goes on being right.
    dataOf(await verify(optional, { token: tokenOf(await factsFor(user.email)) }));
  });

  test("refuses link and code once they are a day old, and not before", async () => {
    const [kept, late] = [(await optional.register()).user, (await optional.register()).user];
    const asked = await attemptFor(late.email);
    const good = tokenOf(await factsFor(kept.email));
    const { code, ...facts } = await factsFor(late.email);
    const other = await startTestGateway({ database });
    other.clock.advance(86_390);
    dataOf(await verify(other, { token: good }));
    other.clock.advance(20);
    expect(codesOf(await verify(other, { token: tokenOf(facts) }))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(codesOf(await verify(other, { email: late.email, code, ...asked }))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    await other.close();
  });

  test("refuses the token of an address that the account no longer has", async () => {
    const { user } = await optional.register();
    const facts = await factsFor(user.email);
    const email = newEmail();
    await database.sql`update users set email = ${email}, email_key = ${email} where id = ${user.id}`;
    expect(codesOf(await verify(optional, { token: tokenOf(facts) }))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(await rowOf(email)).toMatchObject({ email_verified: false });
  });

  test("audits what was refused, without what was sent", async () => {
    const { user } = await optional.register();
    await verify(optional, { email: user.email, code: "98 76 54", attempt: "at1_x" });
    const [event] = await database.sql`select * from audit_events where user_id = ${user.id} and type = 'EMAIL_VERIFIED'`;
    expect(event).toMatchObject({ succeeded: false, actor_id: null, detail: null });
    expect(JSON.stringify(optional.logs)).not.toContain("98 76 54");
  });

  test("no token, code or link is in the log", async () => {
    const { user } = await optional.register();
    const { code, ...facts } = await factsFor(user.email);
    dataOf(await verify(optional, { token: tokenOf(facts) }));
    const events = JSON.stringify(optional.logs.filter((line) => "event" in line));
    expect(events).toContain("EMAIL_VERIFIED");
    for (const secret of [tokenOf(facts), code]) expect(events).not.toContain(secret);
  });
});

async function resetTokenOf(email: string): Promise<string> {
  dataOf(await optional.send(RequestPasswordResetDocument, { email }));
  return tokenOf(await lastFacts(optional, email, "reset_password"));
}

async function replacedToken(email: string): Promise<VerifyEmailInput> {
  const token = tokenOf(await factsFor(email));
  await ask(optional, email);
  return { token };
}
