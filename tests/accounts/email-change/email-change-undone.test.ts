import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  LoginDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RegisterDocument,
  RequestEmailChangeDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
} from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import {
  askForChange,
  changeEmail,
  confirm,
  eventsOf,
  registerVerified,
  stateOf,
  undo,
  undoTokenOf,
} from "../../support/mail/email-change.ts";
import { lastFacts, messagesTo, tokenOf } from "../../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";

const MINUTES = 60;

const DAYS = 86_400;

const NEW_PASSWORD = "a longer walk by the sea";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});

afterAll(() => gateway.close());

const login = (email: string, password = PASSWORD) => gateway.send(LoginDocument, { input: { email, password } });

describe("undoing", () => {
  test("gives the account back: address, sessions, password, and a link that sets a new one", async () => {
    const held = await registerVerified(gateway);
    const old = held.user.email;
    const thief = await changeEmail(gateway, held, newEmail());
    const { undoEmailChange } = dataOf(await undo(gateway, await undoTokenOf(gateway, old)));
    expect(undoEmailChange).toEqual({ email: old, endedSessions: 1 });

    expect(codesOf(await gateway.send(MeFromTokenDocument, {}, { token: thief.accessToken }))).toEqual(["UNAUTHENTICATED"]);
    const refreshed = await gateway.send(RefreshDocument, { input: { refreshToken: thief.refreshToken } });
    expect(refreshed.errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "EMAIL_CHANGE_UNDONE" });
    expect(codesOf(await login(old))).toEqual(["INVALID_CREDENTIALS"]);
    expect(codesOf(await login(thief.user.email))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ email: old, email_verified: true, live: 0, tokens: ["RESET_PASSWORD"] });

    const token = tokenOf(await lastFacts(gateway, old, "email_change_undone"));
    dataOf(await gateway.send(ResetPasswordDocument, { input: { token, newPassword: NEW_PASSWORD } }));
    expect(codesOf(await login(old, NEW_PASSWORD))).toEqual([]);
    expect((await eventsOf(gateway, held.user.id)).slice(2)).toMatchObject([
      { type: "SESSION_REVOKED", session_id: held.session.id, detail: { reason: "EMAIL_CHANGE_UNDONE" } },
      { type: "EMAIL_CHANGE_UNDONE", detail: { endedSessions: 1 } },
      { type: "LOGIN_FAILED" },
      { type: "PASSWORD_RESET" },
    ]);
  });

  test("is possible for seven days, once", async () => {
    const [slow, late] = [await registerVerified(gateway), await registerVerified(gateway)];
    for (const held of [slow, late]) await changeEmail(gateway, held, newEmail());
    const [token, lateToken] = [await undoTokenOf(gateway, slow.user.email), await undoTokenOf(gateway, late.user.email)];
    gateway.clock.advance(7 * DAYS - MINUTES);
    dataOf(await undo(gateway, token));
    expect(codesOf(await undo(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    gateway.clock.advance(2 * MINUTES);
    expect(codesOf(await undo(gateway, lateToken))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });

  test("takes no other link of the account", async () => {
    const held = await registerVerified(gateway);
    const { token } = await askForChange(gateway, held, newEmail());
    dataOf(await gateway.send(RequestPasswordResetDocument, { email: held.user.email }));
    const reset = tokenOf(await lastFacts(gateway, held.user.email, "reset_password"));
    for (const wrong of [token, reset, "", "ot1_", "ot2_"]) expect(codesOf(await undo(gateway, wrong))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(codesOf(await confirm(gateway, reset))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });
});

describe("without mail, or without the notice", () => {
  test("in production without SMTP_URL neither a change nor an undo begins: both take mail to be finished", async () => {
    const secret = { SECRET: randomBytes(48).toString("base64") };
    const env = { NODE_ENV: "production", DATABASE_URL: "postgres://of-the-test", PUBLIC_URL: "https://auth.example.com", ...secret };
    const mute = await startTestGateway({ clock: gateway.clock, env });
    const held = await mute.register();
    const input = { newEmail: newEmail(), password: "another walk" };
    expect(codesOf(await mute.send(RequestEmailChangeDocument, { input }, { token: held.accessToken }))).toEqual(["SERVICE_UNAVAILABLE"]);
    expect(await eventsOf(mute, held.user.id)).toEqual([]);

    // As it was sent while there was an SMTP_URL.
    const token = "ot1_of-the-test";
    await mute.database.sql`
      insert into one_time_tokens (id, purpose, user_id, has_account, email, email_key, token_hash, created_at, expires_at)
      values (gen_random_uuid(), 'UNDO_EMAIL_CHANGE', ${held.user.id}, true, 'old@example.com', 'old@example.com',
        sha256(convert_to(${token}, 'UTF8')), now(), ${new Date(gateway.clock.now().getTime() + DAYS * 1000)})`;
    expect(codesOf(await undo(mute, token))).toEqual(["SERVICE_UNAVAILABLE"]);
    expect(await stateOf(mute, held.user.id)).toMatchObject({ email: held.user.email, live: 1, tokens: ["UNDO_EMAIL_CHANGE"] });
    await mute.close();
  });

  test("where the notice is off, the old address hears nothing and is free at once", async () => {
    const quiet = await startTestGateway({
      database: gateway.database,
      clock: gateway.clock,
      gatewayYaml: "mail: { notices: { email_changed: false } }",
    });
    const held = await registerVerified(quiet);
    await changeEmail(quiet, held, newEmail());
    const topics = (await messagesTo(gateway, held.user.email)).map(({ content }) => content.template);
    expect(topics).not.toContain("email_changed");
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ tokens: [] });
    dataOf(await quiet.send(RegisterDocument, { input: { email: held.user.email, password: PASSWORD } }));
    await quiet.close();
  });
});
