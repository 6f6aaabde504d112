import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AuthFieldsFragment,
  DeleteAccountDocument,
  DisableUserDocument,
  EnableUserDocument,
  LoginDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RegisterDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  askForChange,
  changeEmail,
  confirm,
  eventsOf,
  registerVerified,
  stateOf,
  undo,
  undoTokenOf,
} from "../support/mail/email-change.ts";
import { lastFacts, tokenOf } from "../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const DAYS = 86_400;
const NEW_PASSWORD = "a longer walk by the sea";

let gateway: TestGateway;
let admin: AuthFieldsFragment;
beforeAll(async () => {
  gateway = await startTestGateway();
  admin = await gateway.registerAdmin();
});
afterAll(() => gateway.close());

const remove = (held: Pick<AuthFieldsFragment, "accessToken">, password?: string) =>
  gateway.send(DeleteAccountDocument, password === undefined ? {} : { input: { password } }, { token: held.accessToken });
const login = (email: string, password = PASSWORD) => gateway.send(LoginDocument, { input: { email, password } });

describe("deleting an account", () => {
  test("ends every session at once, says when it is erased, and tells its owner", async () => {
    const held = await registerVerified(gateway);
    const laptop = await gateway.login(held.user.email);
    const { deleteAccount } = dataOf(await remove(laptop));
    expect(deleteAccount?.endedSessions).toBe(2);
    expect(Date.parse(String(deleteAccount?.erasureAt)) - gateway.clock.now().getTime()).toBeCloseTo(14 * DAYS * 1000, -5);
    for (const { accessToken, refreshToken } of [held, laptop]) {
      expect(codesOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken }))).toEqual(["UNAUTHENTICATED"]);
      const refreshed = await gateway.send(RefreshDocument, { input: { refreshToken } });
      expect(refreshed.errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "ACCOUNT_DELETED" });
    }
    expect(await lastFacts(gateway, held.user.email, "account_deletion")).toEqual({ erasureAt: deleteAccount?.erasureAt });
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ live: 0, tokens: [], status: "ACTIVE" });
    expect(await eventsOf(gateway, held.user.id)).toMatchObject([
      { type: "SESSION_REVOKED", detail: { reason: "ACCOUNT_DELETED" } },
      { type: "SESSION_REVOKED", detail: { reason: "ACCOUNT_DELETED" } },
      { type: "ACCOUNT_DELETION_REQUESTED", actor_id: held.user.id, session_id: laptop.session.id, detail: { endedSessions: 2 } },
    ]);
  });

  test("takes the password once the sign-in is five minutes old; a wrong one is audited and changes nothing", async () => {
    const held = await gateway.register();
    gateway.clock.advance(301);
    const late = await remove(held);
    expect(late.errors[0]?.extensions).toEqual({ code: "FRESH_LOGIN_REQUIRED", maxAgeSeconds: 300 });
    expect(codesOf(await remove(held, "another walk"))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await eventsOf(gateway, held.user.id)).toMatchObject([
      { type: "ACCOUNT_DELETION_REQUESTED", succeeded: false, detail: { reason: "wrong_password" } },
    ]);
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ erasure_at: null, live: 1 });
    expect(codesOf(await remove(held, PASSWORD))).toEqual([]);
  });

  test("voids links that were sent before", async () => {
    const held = await registerVerified(gateway);
    const { token } = await askForChange(gateway, held, `new-${held.user.email}`);
    dataOf(await gateway.send(RequestPasswordResetDocument, { email: held.user.email }));
    const reset = tokenOf(await lastFacts(gateway, held.user.email, "reset_password"));
    dataOf(await remove(held));
    expect(codesOf(await confirm(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(codesOf(await gateway.send(ResetPasswordDocument, { input: { token: reset, newPassword: NEW_PASSWORD } }))).toEqual([
      "INVALID_ONE_TIME_TOKEN",
    ]);
  });

  test("keeps the address: nobody else can register it meanwhile", async () => {
    const held = await gateway.register();
    dataOf(await remove(held));
    const input = { email: held.user.email, password: PASSWORD };
    expect(codesOf(await gateway.send(RegisterDocument, { input }))).toEqual(["EMAIL_TAKEN"]);
  });

  test("is shown to admins until it is taken back", async () => {
    const held = await gateway.register();
    const { deleteAccount } = dataOf(await remove(held));
    const { accessToken } = await gateway.login(admin.user.email);
    const query = { query: "query($id: ID!) { user(id: $id) { status erasureAt } }", variables: { id: held.user.id } };
    const read = async () => (await gateway.post(query, { token: accessToken })).data?.user;
    expect(await read()).toEqual({ status: "ACTIVE", erasureAt: deleteAccount?.erasureAt });
    dataOf(await login(held.user.email));
    expect(await read()).toEqual({ status: "ACTIVE", erasureAt: null });
  });
});

describe("signing in before the erasure", () => {
  test("takes it back, in one step with the session, and says so in the audit trail and by mail", async () => {
    const held = await registerVerified(gateway);
    dataOf(await remove(held));
    gateway.clock.advance(13 * DAYS);
    const again = dataOf(await login(held.user.email)).login;
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ erasure_at: null, live: 1 });
    dataOf(await gateway.send(MeFromTokenDocument, {}, { token: again.accessToken }));
    expect(await lastFacts(gateway, held.user.email, "account_restored")).toEqual({});
    expect((await eventsOf(gateway, held.user.id)).at(-1)).toMatchObject({ type: "ACCOUNT_RESTORED", session_id: again.session.id });
    gateway.clock.advance(2 * DAYS);
    expect(await gateway.auth.accountLife.eraseAccounts()).toBe(0);
    expect(codesOf(await login(held.user.email))).toEqual([]);
    const restored = await gateway.database.sql`select 1 from outbox where user_id = ${held.user.id} and topic = 'account_restored'`;
    expect(restored).toHaveLength(1);
  });

  test("does not bring back the sessions that were ended", async () => {
    const held = await gateway.register();
    dataOf(await remove(held));
    dataOf(await login(held.user.email));
    expect(codesOf(await gateway.send(MeFromTokenDocument, {}, { token: held.accessToken }))).toEqual(["UNAUTHENTICATED"]);
    expect(codesOf(await gateway.send(RefreshDocument, { input: { refreshToken: held.refreshToken } }))).toEqual(["SESSION_ENDED"]);
  });

  test("takes the right password", async () => {
    const held = await gateway.register();
    dataOf(await remove(held));
    expect(codesOf(await login(held.user.email, "another walk"))).toEqual(["INVALID_CREDENTIALS"]);
    expect((await stateOf(gateway, held.user.id))?.erasure_at).not.toBeNull();
  });

  test("takes a proven address where nobody signs in without one", async () => {
    const { database, clock } = gateway;
    const held = await gateway.register();
    dataOf(await remove(held));
    const strict = await startTestGateway({ database, clock, env: { EMAIL_VERIFICATION: "required" } });
    const input = { email: held.user.email, password: PASSWORD };
    expect(codesOf(await strict.send(LoginDocument, { input }))).toEqual(["EMAIL_NOT_VERIFIED"]);
    await strict.close();
    const state = await stateOf(gateway, held.user.id);
    expect(state).toMatchObject({ live: 0 });
    expect(state?.erasure_at).not.toBeNull();
  });

  test("with a password that was set by a link meanwhile works; setting it alone takes nothing back", async () => {
    const held = await gateway.register();
    dataOf(await remove(held));
    dataOf(await gateway.send(RequestPasswordResetDocument, { email: held.user.email }));
    const token = tokenOf(await lastFacts(gateway, held.user.email, "reset_password"));
    dataOf(await gateway.send(ResetPasswordDocument, { input: { token, newPassword: NEW_PASSWORD } }));
    expect((await stateOf(gateway, held.user.id))?.erasure_at).not.toBeNull();
    expect(codesOf(await login(held.user.email, NEW_PASSWORD))).toEqual([]);
    expect((await stateOf(gateway, held.user.id))?.erasure_at).toBeNull();
  });

  test("is for nobody whom an admin has disabled meanwhile, and for them again once enabled", async () => {
    const held = await gateway.register();
    dataOf(await remove(held));
    const { accessToken } = await gateway.login(admin.user.email);
    dataOf(await gateway.send(DisableUserDocument, { userId: held.user.id }, { token: accessToken }));
    expect(codesOf(await login(held.user.email))).toEqual(["INVALID_CREDENTIALS"]);
    expect((await stateOf(gateway, held.user.id))?.erasure_at).not.toBeNull();
    dataOf(await gateway.send(EnableUserDocument, { userId: held.user.id }, { token: accessToken }));
    expect(codesOf(await login(held.user.email))).toEqual([]);
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ erasure_at: null, live: 1 });
  });

  test("comes too late at the instant that was told, whether or not anything has been erased by then", async () => {
    const held = await gateway.register();
    dataOf(await remove(held));
    gateway.clock.advance(14 * DAYS + 1);
    expect(codesOf(await login(held.user.email))).toEqual(["INVALID_CREDENTIALS"]);
    expect((await eventsOf(gateway, held.user.id)).at(-1)).toMatchObject({ type: "LOGIN_FAILED", detail: { reason: "deleted" } });
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ live: 0 });
  });
});

test("a deletion that cannot be told by mail is carried out all the same", async () => {
  const env = {
    NODE_ENV: "production",
    DATABASE_URL: "postgres://of-the-test",
    PUBLIC_URL: "https://auth.example.com",
    SECRET: "Vq3zL8wYc1RmXt6KpD0hUe9sBn4JgFa7",
  };
  const mute = await startTestGateway({ env });
  const held = await mute.register();
  dataOf(await mute.send(DeleteAccountDocument, {}, { token: held.accessToken }));
  await mute.login(held.user.email);
  expect(await stateOf(mute, held.user.id)).toMatchObject({ erasure_at: null, live: 1 });
  expect(await mute.database.sql`select id from outbox`).toHaveLength(0);
  await mute.close();
});

test("whoever took an account over cannot have it erased before its owner could undo that, however short the grace is", async () => {
  const strict = await startTestGateway({ env: { ACCOUNT_DELETION_GRACE: "0s" } });
  const held = await registerVerified(strict);
  const stolen = await changeEmail(strict, held, newEmail());
  const undoToken = await undoTokenOf(strict, held.user.email);
  const { deleteAccount } = dataOf(await strict.send(DeleteAccountDocument, {}, { token: stolen.accessToken }));
  strict.clock.advance(7 * DAYS - 60);
  await strict.auth.accountLife.eraseAccounts();
  expect(new Date(deleteAccount?.erasureAt ?? 0).getTime()).toBeGreaterThan(strict.clock.now().getTime());
  expect(codesOf(await undo(strict, undoToken))).toEqual([]);
  expect(await stateOf(strict, held.user.id)).toMatchObject({ email: held.user.email, erasure_at: null });
  await strict.close();
});
