import { describe, expect, test } from "vitest";
import { LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { fail, hookClaims } from "./claims-hook.ts";

const hooked = hookClaims();
const { sessionRow, refresh } = hooked;

describe("who is not to have a token asks nobody", () => {
  test("whoever gives a wrong password, or an unknown address", async () => {
    const { user } = await hooked.gateway.register();
    hooked.hooks.takeCalls();
    for (const email of [user.email, newEmail()]) {
      const reply = await hooked.gateway.send(LoginDocument, { input: { email, password: "another walk by the sea" } });
      expect(codesOf(reply)).toEqual(["INVALID_CREDENTIALS"]);
    }
    expect(hooked.hooks.takeCalls()).toEqual([]);
  });

  test("whoever registers a known address", async () => {
    const { user } = await hooked.gateway.register();
    hooked.hooks.takeCalls();
    expect(codesOf(await hooked.gateway.send(RegisterDocument, { input: { email: user.email, password: PASSWORD } }))).toEqual([
      "EMAIL_TAKEN",
    ]);
    expect(hooked.hooks.takeCalls()).toEqual([]);
  });

  test("a refresh token that is not genuine, though its session lives", async () => {
    const [mine, other] = [await hooked.gateway.register(), await hooked.gateway.register()];
    const bytes = (token: string | null | undefined) => Buffer.from((token ?? "").slice(4), "base64url");
    const forged = Buffer.concat([bytes(mine.refreshToken).subarray(0, 32), bytes(other.refreshToken).subarray(32)]);
    hooked.hooks.takeCalls();
    expect(codesOf(await refresh(`rt2_${forged.toString("base64url")}`))).toEqual(["INVALID_REFRESH_TOKEN"]);
    expect(codesOf(await refresh("rt2_nonsense"))).toEqual(["INVALID_REFRESH_TOKEN"]);
    expect(hooked.hooks.takeCalls()).toEqual([]);
  });

  test("a stolen refresh token: it ends its session also while the hook fails", async () => {
    const { session, refreshToken } = await hooked.gateway.register();
    const second = dataOf(await refresh(refreshToken)).refresh.refreshToken;
    await refresh(second);
    hooked.hooks.takeCalls();
    hooked.hooks.current.claims = fail;
    expect(codesOf(await refresh(refreshToken))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(hooked.hooks.takeCalls()).toEqual([]);
    expect((await sessionRow(session.id))?.end_reason).toBe("REUSE_DETECTED");
  });

  test("the direct predecessor after its grace, which is stolen too", async () => {
    const { refreshToken } = await hooked.gateway.register();
    await refresh(refreshToken);
    hooked.hooks.takeCalls();
    hooked.gateway.clock.advance(31);
    expect(codesOf(await refresh(refreshToken))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(hooked.hooks.takeCalls()).toEqual([]);
  });

  test("the direct predecessor within its grace, from a second client in a few generations: it ends the session, hook or not", async () => {
    const { session, refreshToken } = await hooked.gateway.register();
    const second = dataOf(await refresh(refreshToken, "owner/1.0")).refresh.refreshToken;
    dataOf(await refresh(refreshToken, "follower/1.0"));
    await refresh(second, "owner/1.0");
    hooked.hooks.takeCalls();
    hooked.hooks.current.claims = fail;
    expect(codesOf(await refresh(second, "follower/1.0"))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(hooked.hooks.takeCalls()).toEqual([]);
    expect((await sessionRow(session.id))?.end_reason).toBe("REUSE_DETECTED");
  });

  test("a session that has ended, or whose user is disabled", async () => {
    const [ended, disabled] = [await hooked.gateway.register(), await hooked.gateway.register()];
    await hooked.gateway.database.sql`update sessions set ended_at = now(), end_reason = 'LOGOUT' where id = ${ended.session.id}`;
    await hooked.gateway.database.sql`update users set status = 'DISABLED' where id = ${disabled.user.id}`;
    hooked.hooks.takeCalls();
    for (const { refreshToken } of [ended, disabled]) expect(codesOf(await refresh(refreshToken))).toEqual(["SESSION_ENDED"]);
    expect(hooked.hooks.takeCalls()).toEqual([]);
  });
});
