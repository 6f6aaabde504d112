import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AuthFieldsFragment, MeDocument, RefreshDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { places } from "../support/sessions/refresh-story.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
});
afterAll(() => gateway.close());

const BEYOND_GRACE = 31;
const KEY = "the-key-that-the-owner-has-stored";
const GUESS = "a-key-that-somebody-has-guessed";

/** Whoever asks holds the token; only its owner is at home. */
function refresh(who: "owner" | "thief", refreshToken: string | null, retryKey?: string) {
  const { headers } = who === "owner" ? places.home : places.elsewhere;
  return gateway.send(RefreshDocument, { input: { refreshToken, ...(retryKey !== undefined && { retryKey }) } }, { headers });
}

async function refreshed(...asked: Parameters<typeof refresh>): Promise<AuthFieldsFragment> {
  return dataOf(await refresh(...asked)).refresh;
}

/** The session has ended, and nothing that anybody was given opens anything. */
async function expectFound(...held: readonly AuthFieldsFragment[]): Promise<void> {
  for (const { session, accessToken, refreshToken } of held) {
    const [row] = await gateway.database.sql`select end_reason from sessions where id = ${session.id}`;
    expect(row?.end_reason).toBe("REUSE_DETECTED");
    expect((await gateway.send(MeDocument, {}, { token: accessToken })).errors[0]?.extensions.reason).toBe("revoked");
    const refused = await refresh("owner", refreshToken, KEY);
    expect(refused.errors[0]?.extensions).toEqual({ code: "SESSION_ENDED", endReason: "REUSE_DETECTED" });
  }
}

describe("of an owner and a thief who use one token, the second", () => {
  test.each([
    ["owner", "thief", undefined],
    ["thief", "owner", undefined],
    ["thief", "owner", KEY],
  ] as const)("after the grace period ends the session of both: first the %s, then the %s with the key %s", async (first, second, key) => {
    const token = await gateway.register();
    const next = await refreshed(first, token.refreshToken);
    gateway.clock.advance(BEYOND_GRACE);
    expect(codesOf(await refresh(second, token.refreshToken, key))).toEqual(["REFRESH_TOKEN_REUSED"]);
    await expectFound(token, next);
  });

  test.each([
    ["owner", "thief"],
    ["thief", "owner"],
  ] as const)(
    "within the grace period gets the successor, and ends the session in the next generation: first the %s, then the %s",
    async (first, second) => {
      const token = await gateway.register();
      const next = await refreshed(first, token.refreshToken);
      expect((await refreshed(second, token.refreshToken)).refreshToken).toBe(next.refreshToken);
      const afterNext = await refreshed(first, next.refreshToken);
      expect(codesOf(await refresh(second, next.refreshToken))).toEqual(["REFRESH_TOKEN_REUSED"]);
      await expectFound(token, next, afterNext);
    },
  );
});

describe("a retry key of somebody else", () => {
  test("that is guessed is worth no more than none: the second guess ends the session", async () => {
    const token = await gateway.register();
    const next = await refreshed("owner", token.refreshToken, KEY);
    expect((await refreshed("thief", token.refreshToken, GUESS)).refreshToken).toBe(next.refreshToken);
    expect(codesOf(await refresh("thief", token.refreshToken, `${GUESS}-2`))).toEqual(["REFRESH_TOKEN_REUSED"]);
    await expectFound(token, next);
  });

  test("that is guessed after the grace period ends the session at once", async () => {
    const token = await gateway.register();
    const next = await refreshed("owner", token.refreshToken, KEY);
    gateway.clock.advance(BEYOND_GRACE);
    expect(codesOf(await refresh("thief", token.refreshToken, GUESS))).toEqual(["REFRESH_TOKEN_REUSED"]);
    await expectFound(token, next);
  });

  test("that was copied with its token gives one generation: with the next token it proves nothing", async () => {
    const token = await gateway.register();
    const next = await refreshed("owner", token.refreshToken, KEY);
    gateway.clock.advance(BEYOND_GRACE);
    expect((await refreshed("thief", token.refreshToken, KEY)).refreshToken).toBe(next.refreshToken);
    const afterNext = await refreshed("owner", next.refreshToken, "another-key-of-the-owner");
    gateway.clock.advance(BEYOND_GRACE);
    expect(codesOf(await refresh("thief", next.refreshToken, KEY))).toEqual(["REFRESH_TOKEN_REUSED"]);
    await expectFound(token, next, afterNext);
  });

  test("cannot take the place of the owner's own: a retry is judged by the key of the refresh that was first", async () => {
    const token = await gateway.register();
    const next = await refreshed("owner", token.refreshToken, KEY);
    expect((await refreshed("thief", token.refreshToken, GUESS)).refreshToken).toBe(next.refreshToken);
    gateway.clock.advance(BEYOND_GRACE);
    expect((await refreshed("owner", token.refreshToken, KEY)).refreshToken).toBe(next.refreshToken);
  });
});
