import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ChangePasswordDocument,
  DisableUserDocument,
  LoginDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RequestEmailVerificationDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
  VerifyEmailDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lastFacts, messagesTo, tokenOf } from "../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { moveAddress } from "../support/users/addresses.ts";

const NEW_PASSWORD = "another walk by the sea";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

async function ask(email: string): Promise<string> {
  dataOf(await gateway.send(RequestPasswordResetDocument, { email }));
  return tokenOf(await lastFacts(gateway, email, "reset_password"));
}

const reset = (token: string, newPassword = NEW_PASSWORD, on = gateway) =>
  on.send(ResetPasswordDocument, { input: { token, newPassword } });
const login = (email: string, password: string) => gateway.send(LoginDocument, { input: { email, password } });
const topicsTo = async (email: string) => (await messagesTo(gateway, email)).map(({ content }) => content.template);

async function expectRefused(token: string, email: string, password = PASSWORD): Promise<void> {
  expect(codesOf(await reset(token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  dataOf(await login(email, password));
}

describe("a reset", () => {
  test("sets the password, ends every session at once, proves the address and tells the owner", async () => {
    const first = await gateway.register();
    const { email, id } = first.user;
    const second = await gateway.login(email);
    dataOf(await gateway.send(RequestEmailVerificationDocument, { email }));
    const verification = await lastFacts(gateway, email, "verify_email");
    const token = await ask(email);
    expect(dataOf(await reset(token)).resetPassword).toEqual({ endedSessions: 2 });

    for (const { accessToken, refreshToken } of [first, second]) {
      const me = await gateway.send(MeFromTokenDocument, {}, { token: accessToken });
      expect(me.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "revoked" });
      const refreshed = await gateway.send(RefreshDocument, { input: { refreshToken } });
      expect(refreshed.errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "PASSWORD_RESET" });
    }
    expect(codesOf(await login(email, PASSWORD))).toEqual(["INVALID_CREDENTIALS"]);
    expect(dataOf(await login(email, NEW_PASSWORD)).login.user.emailVerified).toBe(true);
    expect(await topicsTo(email)).toEqual(["verify_email", "verify_email", "reset_password", "password_changed"]);
    const [row] = await gateway.database.sql`select version, (select count(*)::int from one_time_tokens where user_id = ${id}) as tokens,
      (select detail from audit_events where user_id = ${id} and type = 'PASSWORD_RESET' and succeeded) as detail
        from users where id = ${id}`;
    expect(row).toEqual({ version: 2, tokens: 0, detail: { endedSessions: 2 } });
    expect(codesOf(await gateway.send(VerifyEmailDocument, { input: { token: tokenOf(verification) } }))).toEqual([
      "INVALID_ONE_TIME_TOKEN",
    ]);
  });

  test("is used up by the first use alone, with whatever password", async () => {
    const { user } = await gateway.register();
    const token = await ask(user.email);
    dataOf(await reset(token));
    await expectRefused(token, user.email, NEW_PASSWORD);
    expect(codesOf(await reset(token, "a third walk by the sea"))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });

  test.each([
    ["too short", "short"],
    ["empty", ""],
    ["common", "password123"],
    ["a pattern", "abcdefghij"],
    ["too long", "sea ".repeat(300)],
    ["broken Unicode", "a long walk \ud800"],
  ])("by a password that is %s uses nothing up", async (_name, password) => {
    const { user } = await gateway.register();
    const token = await ask(user.email);
    const reply = await reset(token, password);
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    expect(Object.keys(reply.errors[0]?.extensions.fields ?? {})).toEqual(["newPassword"]);
    dataOf(await reset(token));
  });

  test("by the account's own address uses nothing up", async () => {
    const { user } = await gateway.register();
    const token = await ask(user.email);
    expect(codesOf(await reset(token, `${user.email}!`))).toEqual(["BAD_USER_INPUT"]);
    dataOf(await reset(token));
  });

  test("takes a password in any Unicode composition", async () => {
    const { user } = await gateway.register();
    dataOf(await reset(await ask(user.email), "Zoe\u0308 likes caf\u00e9s"));
    dataOf(await login(user.email, "Zo\u00eb likes cafe\u0301s"));
  });

  test("is good for an hour and no longer", async () => {
    const own = await startTestGateway({ database: gateway.database });
    const [kept, late] = [(await gateway.register()).user, (await gateway.register()).user];
    const [good, bad] = [await ask(kept.email), await ask(late.email)];
    own.clock.advance(3590);
    dataOf(await reset(good, NEW_PASSWORD, own));
    own.clock.advance(20);
    expect(codesOf(await reset(bad, NEW_PASSWORD, own))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    await own.close();
  });

  test("is void once a newer one is asked for", async () => {
    const { user } = await gateway.register();
    const older = await ask(user.email);
    const newer = await ask(user.email);
    await expectRefused(older, user.email);
    dataOf(await reset(newer));
  });

  test("is void once the password was changed, also where its row is still there", async () => {
    const { user, accessToken } = await gateway.register();
    const token = await ask(user.email);
    const [row] = await gateway.database.sql`select * from one_time_tokens where user_id = ${user.id} and purpose = 'RESET_PASSWORD'`;
    const change = { input: { currentPassword: PASSWORD, newPassword: "a walk in the woods" } };
    dataOf(await gateway.send(ChangePasswordDocument, change, { token: accessToken }));
    expect(codesOf(await reset(token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    // Also where that had been forgotten: it is bound to the password that it replaces.
    await gateway.database.sql`insert into one_time_tokens ${gateway.database.sql({ ...row })}`;
    await expectRefused(token, user.email, "a walk in the woods");
  });

  test("is void for an address that the account no longer has", async () => {
    const { user } = await gateway.register();
    const token = await ask(user.email);
    const email = newEmail();
    await moveAddress(gateway.database.sql, user.id, email);
    await expectRefused(token, email);
  });

  test("with the token of another purpose, a code in its place, or none of ours is refused", async () => {
    const { user } = await gateway.register();
    const { code, ...verification } = await lastFacts(gateway, user.email, "verify_email");
    for (const token of [tokenOf(verification), code, "", `ot1_${"A".repeat(43)}`, `ot2_${"A".repeat(64)}`, "ot1_\0", "ot2_", "ot2_\0"])
      await expectRefused(token, user.email);
  });

  test("of a disabled user looks like any other, and enables nobody", async () => {
    const admin = await gateway.registerAdmin();
    const { user } = await gateway.register();
    const token = await ask(user.email);
    dataOf(await gateway.send(DisableUserDocument, { userId: user.id }, { token: admin.accessToken }));
    const later = await ask(user.email);
    expect(codesOf(await reset(token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    expect(dataOf(await reset(later)).resetPassword).toEqual({ endedSessions: 0 });
    expect(codesOf(await login(user.email, NEW_PASSWORD))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await gateway.database.sql`select status from users where id = ${user.id}`).toEqual([{ status: "DISABLED" }]);
  });

  test("goes to the spelling of the address that the account has", async () => {
    const { user } = await gateway.register();
    dataOf(await gateway.send(RequestPasswordResetDocument, { email: ` ${user.email.toUpperCase()} ` }));
    expect((await messagesTo(gateway, user.email)).map(({ to }) => to)).toEqual([user.email, user.email]);
  });
});

test("the notice of a reset can be turned off; all else stays", async () => {
  const own = await startTestGateway({ gatewayYaml: "mail:\n  notices: { password_changed: false }\n" });
  const { user } = await own.register();
  dataOf(await own.send(RequestPasswordResetDocument, { email: user.email }));
  dataOf(await reset(tokenOf(await lastFacts(own, user.email, "reset_password")), NEW_PASSWORD, own));
  expect((await messagesTo(own, user.email)).map(({ content }) => content.template)).toEqual(["verify_email", "reset_password"]);
  await own.close();
});

test("neither the token nor the password of a reset is in the log", async () => {
  const { user } = await gateway.register();
  const token = await ask(user.email);
  dataOf(await reset(token, "a password that no log has"));
  const logged = JSON.stringify(gateway.logs.filter((line) => "event" in line));
  expect(logged).toContain("PASSWORD_RESET");
  for (const secret of [token, "a password that no log has"]) expect(logged).not.toContain(secret);
});
