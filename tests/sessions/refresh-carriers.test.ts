import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AuthFieldsFragment, LoginDocument, LogoutDocument, RefreshDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const NAME = "__Host-refresh_token";
const APP = "https://app.example.com";

let database: TestDatabase;
let gateway: TestGateway;
const start = (env: Record<string, string>) => startTestGateway({ database, env: { CORS_ORIGINS: APP, ...env } });
beforeAll(async () => {
  database = await createTestDatabase();
  gateway = await start({ REFRESH_TOKEN_CARRIER: "both" });
});
afterAll(async () => {
  await gateway.close();
  await database.drop();
});

type Carrier = "BODY" | "COOKIE" | null;
const input = (carrier?: Carrier, email = newEmail()) => ({ email, password: PASSWORD, ...(carrier !== undefined && { carrier }) });
const cookiesOf = ({ headers }: { headers: Headers }) => headers.getSetCookie();
const cookieValueOf = (reply: { headers: Headers }) => /^[^=]+=([^;]*)/.exec(cookiesOf(reply)[0] ?? "")?.[1] ?? "";
const holding = (cookie: string) => ({ headers: { cookie: `${NAME}=${cookie}` } });

interface Browser extends AuthFieldsFragment {
  readonly cookie: string;
}

async function browser(): Promise<Browser> {
  const reply = await gateway.send(RegisterDocument, { input: input("COOKIE") });
  return { ...dataOf(reply).register, cookie: cookieValueOf(reply) };
}

async function app(): Promise<AuthFieldsFragment & { refreshToken: string }> {
  const { register } = dataOf(await gateway.send(RegisterDocument, { input: input() }));
  return { ...register, refreshToken: register.refreshToken ?? "" };
}

async function rowOf(sessionId: string) {
  const [row] = await database.sql`select generation, end_reason from sessions where id = ${sessionId}`;
  return row;
}

async function isKnown(email: string): Promise<boolean> {
  const [row] = await database.sql`select from users where email = ${email}`;
  return row !== undefined;
}

describe("where both are allowed the client chooses when it signs in", () => {
  test.each<[Carrier | undefined]>([[undefined], [null], ["BODY"]])(
    "%s: the token is in the body, and no cookie is set",
    async (carrier) => {
      const { user } = await browser();
      for (const reply of [
        await gateway.send(RegisterDocument, { input: input(carrier) }),
        await gateway.send(LoginDocument, { input: input(carrier, user.email) }),
      ]) {
        expect(codesOf(reply)).toEqual([]);
        expect(reply.text).toMatch(/"refreshToken":"rt2_[\w-]{128}"/);
        expect(cookiesOf(reply)).toEqual([]);
      }
    },
  );

  test("COOKIE: the token is in a cookie that scripts cannot read, and nowhere in the body", async () => {
    const { user } = await browser();
    for (const reply of [
      await gateway.send(RegisterDocument, { input: input("COOKIE") }),
      await gateway.send(LoginDocument, { input: input("COOKIE", user.email) }),
    ]) {
      expect(codesOf(reply)).toEqual([]);
      expect(reply.text).not.toContain("rt2_");
      expect(cookiesOf(reply)).toEqual([
        expect.stringMatching(/^__Host-refresh_token=rt2_[\w-]{128}; Path=\/; .*HttpOnly; Secure; SameSite=Strict/),
      ]);
    }
  });
});

describe("the answer to a token travels the way that the token came", () => {
  test.each([
    ["no input", undefined],
    ["an empty input", {}],
    ["null", { refreshToken: null }],
  ])("what came by the cookie is never shown to a script of the page: %s", async (_name, refreshInput) => {
    const { cookie, session } = await browser();
    const reply = await gateway.send(RefreshDocument, refreshInput === undefined ? {} : { input: refreshInput }, holding(cookie));
    expect(dataOf(reply).refresh.refreshToken).toBeNull();
    expect(reply.text).not.toContain("rt2_");
    expect(cookieValueOf(reply)).toMatch(/^rt2_/);
    expect(await rowOf(session.id)).toEqual({ generation: 1, end_reason: null });
  });

  test("a token in the input counts before the cookie, whose session it leaves alone, and it is answered in the body", async () => {
    const [held, victim] = [await app(), await browser()];
    const reply = await gateway.send(RefreshDocument, { input: { refreshToken: held.refreshToken } }, holding(victim.cookie));
    expect(dataOf(reply).refresh).toMatchObject({ refreshToken: expect.stringMatching(/^rt2_/), session: { id: held.session.id } });
    expect(cookiesOf(reply)).toEqual([]);
    expect(await rowOf(victim.session.id)).toEqual({ generation: 0, end_reason: null });
  });

  test.each(["", "rt2_garbage"])(
    "a token in the input that is worth nothing (%j) is not replaced by the cookie's",
    async (refreshToken) => {
      const victim = await browser();
      const reply = await gateway.send(RefreshDocument, { input: { refreshToken } }, holding(victim.cookie));
      expect(codesOf(reply)).toEqual(["INVALID_REFRESH_TOKEN"]);
      expect(cookiesOf(reply)).toEqual([]);
      expect(await rowOf(victim.session.id)).toEqual({ generation: 0, end_reason: null });
    },
  );

  test("a logout takes back the cookie of the session that it ends, and no other", async () => {
    const [held, victim] = [await app(), await browser()];
    const byInput = await gateway.send(LogoutDocument, { input: { refreshToken: held.refreshToken } }, holding(victim.cookie));
    expect([dataOf(byInput).logout.endedSessions, cookiesOf(byInput)]).toEqual([1, []]);
    expect(await rowOf(victim.session.id)).toMatchObject({ end_reason: null });
    const byCookie = await gateway.send(LogoutDocument, {}, holding(victim.cookie));
    expect([dataOf(byCookie).logout.endedSessions, cookieValueOf(byCookie)]).toEqual([1, ""]);
    expect(cookiesOf(byCookie)).toHaveLength(1);
  });
});

describe("what the server does not allow is refused before anything is done", () => {
  test.each<["body" | "cookie", "BODY" | "COOKIE"]>([
    ["body", "COOKIE"],
    ["cookie", "BODY"],
  ])("only %s is allowed, %s is asked for", async (allowed, carrier) => {
    const strict = await start({ REFRESH_TOKEN_CARRIER: allowed });
    const wanted = input(carrier);
    const known = await browser();
    for (const reply of [
      await strict.send(RegisterDocument, { input: wanted }),
      await strict.send(LoginDocument, { input: input(carrier, known.user.email) }),
    ]) {
      expect(reply.errors[0]?.extensions).toMatchObject({
        code: "BAD_USER_INPUT",
        fields: { carrier: [expect.stringContaining(allowed)] },
      });
      expect(reply.text).not.toContain("rt2_");
      expect(cookiesOf(reply)).toEqual([]);
    }
    expect(await isKnown(wanted.email)).toBe(false);
    const [row] = await database.sql`select count(*)::int from sessions where user_id = ${known.user.id}`;
    expect(row?.count).toBe(1);
    const asAllowed = await strict.send(RegisterDocument, { input: input(carrier === "BODY" ? "COOKIE" : "BODY") });
    expect(codesOf(asAllowed)).toEqual([]);
    await strict.close();
  });
});

describe("where a cookie could be set or used, other pages are refused", () => {
  const query = (text: string) => JSON.stringify({ query: `mutation { ${text} }` });
  const pages: readonly (readonly [string, Record<string, string>])[] = [
    ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["another host of the same site", { origin: "https://blog.example.com", "sec-fetch-site": "same-site" }],
    ["a sandboxed frame", { origin: "null", "sec-fetch-site": "cross-site" }],
  ];
  const post = (headers: Record<string, string>, body: string) =>
    fetch(`${gateway.url}/graphql`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });

  test.each(pages)("%s neither plants a session nor uses the visitor's", async (_name, page) => {
    const victim = await browser();
    const attackers = input();
    const login = (carrier: string) =>
      query(`register(input: { email: "${attackers.email}", password: "${PASSWORD}", carrier: ${carrier} }) { refreshToken }`);
    for (const body of [login("COOKIE"), login("BODY"), query("refresh { refreshToken accessToken }"), query("logout { endedSessions }")]) {
      const response = await post({ ...page, cookie: `${NAME}=${victim.cookie}` }, body);
      expect(response.status).toBe(403);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(await isKnown(attackers.email)).toBe(false);
    expect(await rowOf(victim.session.id)).toEqual({ generation: 0, end_reason: null });
  });

  test("the application's own page and a client that is no browser are served", async () => {
    const visitor = await browser();
    const byPage = await post(
      { origin: APP, "sec-fetch-site": "same-site", cookie: `${NAME}=${visitor.cookie}` },
      query("refresh { refreshToken }"),
    );
    expect([byPage.status, byPage.headers.getSetCookie().length]).toEqual([200, 1]);
    const native = await app();
    const reply = await gateway.send(RefreshDocument, { input: { refreshToken: native.refreshToken } });
    expect(dataOf(reply).refresh.refreshToken).toMatch(/^rt2_/);
  });
});

test("without REFRESH_COOKIE_SECURE, as Safari on http://localhost needs it, the cookie has a plain name and works", async () => {
  const plain = await start({ REFRESH_TOKEN_CARRIER: "cookie", REFRESH_COOKIE_SECURE: "false" });
  const reply = await plain.send(RegisterDocument, { input: input() });
  expect(cookiesOf(reply)).toEqual([expect.stringMatching(/^refresh_token=rt2_[\w-]{128}; Path=\/; .*HttpOnly; SameSite=Strict$/)]);
  const cookie = cookieValueOf(reply);
  expect(codesOf(await plain.send(RefreshDocument, {}, holding(cookie)))).toEqual(["INVALID_REFRESH_TOKEN"]);
  const refreshed = await plain.send(RefreshDocument, {}, { headers: { cookie: `refresh_token=${cookie}` } });
  expect(dataOf(refreshed).refresh.refreshToken).toBeNull();
  expect(cookieValueOf(refreshed)).toMatch(/^rt2_/);
  await plain.close();
});
