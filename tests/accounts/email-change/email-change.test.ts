import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ConfirmEmailChangeDocument,
  LoginDocument,
  LogoutAllDocument,
  MeDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RegisterDocument,
  RequestEmailChangeDocument,
} from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { askForChange, changeEmail, confirm, eventsOf, registerVerified, stateOf } from "../../support/mail/email-change.ts";
import { lastFacts, messagesTo } from "../../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";

const MINUTES = 60;
const DAYS = 86_400;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const ask = (token: string, input: { newEmail: string; password?: string }) =>
  gateway.send(RequestEmailChangeDocument, { input }, { token });
const login = (email: string, password = PASSWORD) => gateway.send(LoginDocument, { input: { email, password } });

describe("asking for a change", () => {
  test("changes nothing, and sends a link and a code to the new address alone", async () => {
    const held = await registerVerified(gateway);
    const wanted = newEmail();
    expect(dataOf(await ask(held.accessToken, { newEmail: ` ${wanted.toUpperCase()} ` })).requestEmailChange).toEqual({ accepted: true });
    const [mail, ...others] = await messagesTo(gateway, wanted);
    expect(others).toEqual([]);
    expect(mail).toMatchObject({ to: wanted.toUpperCase(), userId: held.user.id, content: { template: "confirm_email_change" } });
    expect((mail?.expiresAt.getTime() ?? 0) - (mail?.createdAt.getTime() ?? 0)).toBeCloseTo(DAYS * 1000, -4);
    const facts = await lastFacts(gateway, wanted, "confirm_email_change");
    expect(facts.link).toMatch(/^http:\/\/localhost:\d+\/account\/confirm-email-change#token=ot2_/);
    expect(facts.code).toMatch(/^\d{6}$/);
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ email: held.user.email, live: 1 });
    const about = { actor_id: held.user.id, session_id: held.session.id, succeeded: true, detail: null };
    expect(await eventsOf(gateway, held.user.id)).toEqual([{ type: "EMAIL_CHANGE_REQUESTED", ...about }]);
  });

  test.each([
    ["the address that the account has, in any spelling", (email: string) => email.toUpperCase(), /already/],
    ["no address", () => "nobody", /not an e-mail address/],
    ["an address that looks like another one", () => "аdа@example.com", /alphabets/],
    ["an address of Cyrillic letters alone that reads as a Latin one", () => "аррӏе@example.com", /only look like/],
    ["an address that would be two headers", () => "ada@example.com\r\nBcc: eve@example.com", /not an e-mail address/],
  ])("%s is refused", async (_name, wanted, problem) => {
    const held = await gateway.register();
    const { errors } = await ask(held.accessToken, { newEmail: wanted(held.user.email) });
    expect(errors[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", fields: { newEmail: [expect.stringMatching(problem)] } });
    expect(await eventsOf(gateway, held.user.id)).toEqual([]);
  });

  test("takes the password, or a sign-in at most five minutes ago; a refresh is none", async () => {
    const held = await gateway.register();
    gateway.clock.advance(5 * MINUTES - 1);
    const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: held.refreshToken } }));
    expect(codesOf(await ask(refresh.accessToken, { newEmail: newEmail() }))).toEqual([]);
    gateway.clock.advance(2);
    const late = await ask(refresh.accessToken, { newEmail: newEmail() });
    expect(late.errors[0]?.extensions).toEqual({ code: "FRESH_LOGIN_REQUIRED", maxAgeSeconds: 300 });
    expect(codesOf(await ask(refresh.accessToken, { newEmail: newEmail(), password: PASSWORD }))).toEqual([]);
  });

  test("a wrong password is refused and audited, also right after the sign-in", async () => {
    const held = await gateway.register();
    const wanted = newEmail();
    expect(codesOf(await ask(held.accessToken, { newEmail: wanted, password: "another walk" }))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await eventsOf(gateway, held.user.id)).toMatchObject([
      { type: "EMAIL_CHANGE_REQUESTED", succeeded: false, detail: { reason: "wrong_password" } },
    ]);
    expect(await messagesTo(gateway, wanted)).toEqual([]);
  });

  test("a second request voids the first one's link and code", async () => {
    const held = await registerVerified(gateway);
    const [first, second] = [newEmail(), newEmail()];
    const before = await askForChange(gateway, held, first);
    const after = await askForChange(gateway, held, second);
    expect(codesOf(await confirm(gateway, before.token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(dataOf(await confirm(gateway, after.token)).confirmEmailChange).toEqual({ email: second });
  });
});

describe("confirming", () => {
  test("changes the address, which is verified; the next refresh and login know it, the old one is told with a way back", async () => {
    const held = await registerVerified(gateway);
    const [old, wanted] = [held.user.email, newEmail()];
    const { token } = await askForChange(gateway, held, wanted);
    expect(dataOf(await confirm(gateway, token)).confirmEmailChange).toEqual({ email: wanted });

    const me = await gateway.send(MeFromTokenDocument, {}, { token: held.accessToken });
    expect(me.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "revoked" });
    const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: held.refreshToken } }));
    expect(refresh.user).toMatchObject({ email: wanted, emailVerified: true });
    expect(dataOf(await gateway.send(MeDocument, {}, { token: refresh.accessToken })).me).toMatchObject({
      email: wanted,
      emailVerified: true,
    });
    expect(codesOf(await login(wanted))).toEqual([]);
    expect(codesOf(await login(old))).toEqual(["INVALID_CREDENTIALS"]);

    const facts = await lastFacts(gateway, old, "email_changed");
    expect(facts.newEmail).toBe(wanted);
    expect(facts.link).toMatch(/\/account\/undo-email-change#token=ot2_/);
    expect(Date.parse(facts.undoUntil ?? "") - gateway.clock.now().getTime()).toBeGreaterThan(7 * DAYS * 1000 - 60_000);
    expect(await stateOf(gateway, held.user.id)).toMatchObject({
      email: wanted,
      email_verified: true,
      live: 2,
      tokens: ["UNDO_EMAIL_CHANGE"],
    });
    expect((await eventsOf(gateway, held.user.id)).map(({ type }) => type)).toEqual(["EMAIL_CHANGE_REQUESTED", "EMAIL_CHANGED"]);
  });

  test("a link is used once", async () => {
    const held = await registerVerified(gateway);
    const { token } = await askForChange(gateway, held, newEmail());
    dataOf(await confirm(gateway, token));
    expect(codesOf(await confirm(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });

  test("by code, for whoever is signed in as the one who asked", async () => {
    const [held, other] = [await registerVerified(gateway), await gateway.register()];
    const wanted = newEmail();
    const { code } = await askForChange(gateway, held, wanted);
    const byCode = (token?: string) => gateway.send(ConfirmEmailChangeDocument, { input: { code } }, { token });
    expect(codesOf(await byCode())).toEqual(["UNAUTHENTICATED"]);
    expect(codesOf(await byCode(other.accessToken))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(dataOf(await byCode(held.accessToken)).confirmEmailChange).toEqual({ email: wanted });
  });

  test.each([[{}], [{ token: "ot1_x", code: "123456" }]])("%j is neither a token nor a code", async (input) => {
    const held = await gateway.register();
    const reply = await gateway.send(ConfirmEmailChangeDocument, { input }, { token: held.accessToken });
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
  });

  test("after a day the link and the code are good no longer", async () => {
    const held = await registerVerified(gateway);
    const { token, code } = await askForChange(gateway, held, newEmail());
    gateway.clock.advance(DAYS + 1);
    const { accessToken } = dataOf(await login(held.user.email)).login;
    expect(codesOf(await confirm(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    const byCode = await gateway.send(ConfirmEmailChangeDocument, { input: { code } }, { token: accessToken });
    expect(codesOf(byCode)).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });

  test("the sixth code is not looked at, however right; the link still is", async () => {
    const held = await registerVerified(gateway);
    const { token, code } = await askForChange(gateway, held, newEmail());
    const wrong = code === "000000" ? "000001" : "000000";
    const tryCode = (text: string) => gateway.send(ConfirmEmailChangeDocument, { input: { code: text } }, { token: held.accessToken });
    for (let tried = 0; tried < 5; tried += 1) expect(codesOf(await tryCode(wrong))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(codesOf(await tryCode(code))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    const failures = (await eventsOf(gateway, held.user.id)).filter(({ type }) => type === "EMAIL_CHANGED");
    expect(failures).toHaveLength(6);
    expect(failures[0]).toMatchObject({ succeeded: false, detail: { reason: "wrong_code" } });
    expect(codesOf(await confirm(gateway, token))).toEqual([]);
  });

  test("an address that had never been verified is told nothing, gets no way back, and is nobody's afterwards", async () => {
    const held = await gateway.register();
    await changeEmail(gateway, held, newEmail());
    expect((await messagesTo(gateway, held.user.email)).map(({ content }) => content.template)).toEqual(["verify_email"]);
    expect(codesOf(await gateway.send(RegisterDocument, { input: { email: held.user.email, password: PASSWORD } }))).toEqual([]);
  });

  test("an address that somebody else has registered meanwhile is taken, and nothing changes", async () => {
    const held = await registerVerified(gateway);
    const wanted = newEmail();
    const { token } = await askForChange(gateway, held, wanted);
    dataOf(await gateway.send(RegisterDocument, { input: { email: wanted, password: PASSWORD } }));
    expect(codesOf(await confirm(gateway, token))).toEqual(["EMAIL_TAKEN"]);
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ email: held.user.email, live: 1 });
    dataOf(await gateway.send(MeFromTokenDocument, {}, { token: held.accessToken }));
  });

  test("every session that was open goes on, and nothing else of the account changes", async () => {
    const held = await registerVerified(gateway);
    const { refreshToken } = await gateway.login(held.user.email);
    await changeEmail(gateway, held, newEmail());
    const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } }));
    expect(refresh.user.roles).toEqual(held.user.roles);
    expect(refresh.session.endedAt).toBeNull();
  });
});

test("ending every session voids a change that was asked for before", async () => {
  const held = await registerVerified(gateway);
  const { token, code } = await askForChange(gateway, held, newEmail());
  dataOf(await gateway.send(LogoutAllDocument, {}, { token: held.accessToken }));
  const { accessToken } = dataOf(await login(held.user.email)).login;
  expect(codesOf(await confirm(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  const byCode = await gateway.send(ConfirmEmailChangeDocument, { input: { code } }, { token: accessToken });
  expect(codesOf(byCode)).toEqual(["INVALID_ONE_TIME_TOKEN"]);
});
