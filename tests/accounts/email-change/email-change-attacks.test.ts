import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ChangePasswordDocument,
  ConfirmEmailChangeDocument,
  DeleteAccountDocument,
  DisableUserDocument,
  LoginDocument,
  MeFromTokenDocument,
  RequestEmailChangeDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
  VerifyEmailDocument,
} from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { askForChange, changeEmail, confirm, registerVerified, stateOf, undo, undoTokenOf } from "../../support/mail/email-change.ts";
import { lastFacts, tokenOf } from "../../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";

const NEW_PASSWORD = "a longer walk by the sea";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const ask = (token: string, newAddress: string) => gateway.send(RequestEmailChangeDocument, { input: { newEmail: newAddress } }, { token });
const login = (email: string, password = PASSWORD) => gateway.send(LoginDocument, { input: { email, password } });

async function resetPassword(email: string): Promise<void> {
  dataOf(await gateway.send(RequestPasswordResetDocument, { email }));
  const token = tokenOf(await lastFacts(gateway, email, "reset_password"));
  dataOf(await gateway.send(ResetPasswordDocument, { input: { token, newPassword: NEW_PASSWORD } }));
}

describe("whoever took an account over", () => {
  test("and moved it twice, loses it to the first address, and cannot undo that from the second", async () => {
    const held = await registerVerified(gateway);
    const [first, second, third] = [held.user.email, newEmail(), newEmail()];
    const thief = await changeEmail(gateway, await changeEmail(gateway, held, second), third);
    const [ownersUndo, thiefsUndo] = [await undoTokenOf(gateway, first), await undoTokenOf(gateway, second)];
    dataOf(await undo(gateway, ownersUndo));
    expect(codesOf(await undo(gateway, thiefsUndo))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(codesOf(await gateway.send(MeFromTokenDocument, {}, { token: thief.accessToken }))).toEqual(["UNAUTHENTICATED"]);
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ email: first, live: 0, tokens: ["RESET_PASSWORD"] });
  });

  test("and undid the second move in vain, still loses it to the first address", async () => {
    const held = await registerVerified(gateway);
    const [first, second] = [held.user.email, newEmail()];
    await changeEmail(gateway, await changeEmail(gateway, held, second), newEmail());
    const ownersUndo = await undoTokenOf(gateway, first);
    dataOf(await undo(gateway, await undoTokenOf(gateway, second)));
    await resetWith(tokenOf(await lastFacts(gateway, second, "email_change_undone")));
    expect(codesOf(await login(second, NEW_PASSWORD))).toEqual([]);
    expect(dataOf(await undo(gateway, ownersUndo)).undoEmailChange).toEqual({ email: first, endedSessions: 1 });
    expect(codesOf(await login(second, NEW_PASSWORD))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ email: first, live: 0 });
  });

  const resetWith = async (token: string) =>
    dataOf(await gateway.send(ResetPasswordDocument, { input: { token, newPassword: NEW_PASSWORD } }));

  test("and had another change or reset pending, has nothing left of it after the undo", async () => {
    const held = await registerVerified(gateway);
    const moved = await changeEmail(gateway, held, newEmail());
    const { token, code } = await askForChange(gateway, moved, newEmail());
    dataOf(await gateway.send(RequestPasswordResetDocument, { email: moved.user.email }));
    const reset = tokenOf(await lastFacts(gateway, moved.user.email, "reset_password"));
    dataOf(await undo(gateway, await undoTokenOf(gateway, held.user.email)));
    expect(codesOf(await confirm(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(codesOf(await gateway.send(ResetPasswordDocument, { input: { token: reset, newPassword: NEW_PASSWORD } }))).toEqual([
      "INVALID_ONE_TIME_TOKEN",
    ]);
    await resetWith(tokenOf(await lastFacts(gateway, held.user.email, "email_change_undone")));
    const { accessToken } = dataOf(await login(held.user.email, NEW_PASSWORD)).login;
    const byCode = await gateway.send(ConfirmEmailChangeDocument, { input: { code } }, { token: accessToken });
    expect(codesOf(byCode)).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });

  test("and deleted it, does not get rid of the owner: the undo takes the erasure back", async () => {
    const held = await registerVerified(gateway);
    const thief = await changeEmail(gateway, held, newEmail());
    dataOf(await gateway.send(DeleteAccountDocument, {}, { token: thief.accessToken }));
    const [row] = await gateway.database.sql`select erasure_at from users where id = ${held.user.id}`;
    expect(row?.erasure_at).not.toBeNull();
    dataOf(await undo(gateway, await undoTokenOf(gateway, held.user.email)));
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ email: held.user.email, erasure_at: null, live: 0 });
    await resetWith(tokenOf(await lastFacts(gateway, held.user.email, "email_change_undone")));
    expect(codesOf(await login(held.user.email, NEW_PASSWORD))).toEqual([]);
  });

  test("by a found access token, can neither change the address nor delete the account once the sign-in is five minutes old", async () => {
    const { accessToken, user } = await registerVerified(gateway);
    gateway.clock.advance(301);
    expect(codesOf(await ask(accessToken, newEmail()))).toEqual(["FRESH_LOGIN_REQUIRED"]);
    expect(codesOf(await gateway.send(DeleteAccountDocument, {}, { token: accessToken }))).toEqual(["FRESH_LOGIN_REQUIRED"]);
    expect(await stateOf(gateway, user.id)).toMatchObject({ email: user.email, erasure_at: null, live: 1, tokens: ["VERIFY_EMAIL"] });
  });
});

describe("a change that was asked for before", () => {
  test.each([
    ["the password was reset", async ({ user }: Held) => resetPassword(user.email)],
    ["the password was changed", changePassword],
  ])("%s is void", async (_name, change) => {
    const held = await registerVerified(gateway);
    const { token } = await askForChange(gateway, held, newEmail());
    await change(held);
    expect(codesOf(await confirm(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ email: held.user.email });
  });

  test("the user was disabled does not go through", async () => {
    const [held, admin] = [await registerVerified(gateway), await gateway.registerAdmin()];
    const { token } = await askForChange(gateway, held, newEmail());
    dataOf(await gateway.send(DisableUserDocument, { userId: held.user.id }, { token: admin.accessToken }));
    expect(codesOf(await confirm(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });
});

type Held = Awaited<ReturnType<typeof registerVerified>>;

async function changePassword({ accessToken }: Held): Promise<void> {
  const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  dataOf(await gateway.send(ChangePasswordDocument, { input }, { token: accessToken }));
}

test("links that were sent to the old address are void after the change: its reader cannot take the account back with them", async () => {
  const held = await gateway.register();
  const verify = tokenOf(await lastFacts(gateway, held.user.email, "verify_email"));
  dataOf(await gateway.send(RequestPasswordResetDocument, { email: held.user.email }));
  const reset = tokenOf(await lastFacts(gateway, held.user.email, "reset_password"));
  const wanted = newEmail();
  await changeEmail(gateway, held, wanted);
  expect(codesOf(await gateway.send(VerifyEmailDocument, { input: { token: verify } }))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  const resetting = await gateway.send(ResetPasswordDocument, { input: { token: reset, newPassword: NEW_PASSWORD } });
  expect(codesOf(resetting)).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  expect(codesOf(await login(wanted))).toEqual([]);
});

test("whoever holds the link may be signed in as somebody else: it changes the account that asked", async () => {
  const [held, other] = [await registerVerified(gateway), await registerVerified(gateway)];
  const wanted = newEmail();
  const { token } = await askForChange(gateway, held, wanted);
  const reply = await gateway.send(ConfirmEmailChangeDocument, { input: { token } }, { token: other.accessToken });
  expect(dataOf(reply).confirmEmailChange).toEqual({ email: wanted });
  expect(await stateOf(gateway, other.user.id)).toMatchObject({ email: other.user.email, live: 1 });
  dataOf(await gateway.send(MeFromTokenDocument, {}, { token: other.accessToken }));
});

test("links lead to PUBLIC_URL, whatever the request says of its host", async () => {
  const held = await registerVerified(gateway);
  const wanted = newEmail();
  const headers = { "x-forwarded-host": "evil.example", forwarded: "host=evil.example", origin: "http://localhost:4000" };
  dataOf(await gateway.send(RequestEmailChangeDocument, { input: { newEmail: wanted } }, { token: held.accessToken, headers }));
  const facts = await lastFacts(gateway, wanted, "confirm_email_change");
  expect(new URL(facts.link).hostname).toBe("localhost");
  dataOf(await confirm(gateway, tokenOf(facts)));
  const { link = "" } = await lastFacts(gateway, held.user.email, "email_changed");
  expect(new URL(link).hostname).toBe("localhost");
});
