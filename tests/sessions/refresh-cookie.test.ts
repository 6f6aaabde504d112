import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AuthFieldsFragment,
  LoginDocument,
  LogoutDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RegisterDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf, type Reply } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { cookieOf, NAME, sending, signUpAt } from "./refresh-cookies.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { REFRESH_TOKEN_CARRIER: "cookie" } });
});
afterAll(() => gateway.close());

const signUp = (of: TestGateway = gateway) => signUpAt(of);
const refresh = (cookie: string) => gateway.send(RefreshDocument, {}, sending(cookie));
const refreshed = async (cookie: string): Promise<string> => {
  const reply = await refresh(cookie);
  dataOf(reply);
  return cookieOf(reply)?.value ?? "";
};

async function sessionRow(id: string) {
  const [row] = await gateway.database.sql`select generation, end_reason from sessions where id = ${id}`;
  return row;
}

describe("the cookie", () => {
  test.each([
    ["register", async () => gateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } })],
    ["login", async () => gateway.send(LoginDocument, { input: { email: (await signUp()).user.email, password: PASSWORD } })],
    ["refresh", async () => refresh((await signUp()).cookie)],
  ])("is out of reach of scripts, other hosts and other sites, and lasts as long as the session: %s", async (operation, send) => {
    const reply = await send();
    const payload = (dataOf(reply as Reply<Record<string, AuthFieldsFragment>>) as Record<string, AuthFieldsFragment>)[operation];
    const cookie = cookieOf(reply);
    expect(cookie?.value).toMatch(/^rt2_[\w-]{128}$/);
    expect(cookie?.attributes).toEqual({ Path: "/", HttpOnly: true, Secure: true, SameSite: "Strict", Expires: expect.any(String) });
    const expires = Date.parse(String(cookie?.attributes.Expires));
    expect(Math.abs(expires - Date.parse(payload?.session.idleExpiresAt ?? ""))).toBeLessThan(1000);
    expect(payload?.refreshToken).toBeNull();
    expect(reply.text).not.toContain("rt2_");
  });

  test.each(["Strict", "Lax", "None"])("has the SameSite attribute that is configured: %s", async (sameSite) => {
    const env = { REFRESH_TOKEN_CARRIER: "cookie", REFRESH_COOKIE_SAME_SITE: sameSite };
    const other = await startTestGateway({ env, database: gateway.database });
    const { attributes, cookie } = await signUp(other);
    expect(attributes).toMatchObject({ SameSite: sameSite, Secure: true, HttpOnly: true, Path: "/" });
    const reply = await other.send(LogoutDocument, {}, sending(cookie));
    expect(cookieOf(reply)?.attributes).toMatchObject({ SameSite: sameSite, Secure: true, HttpOnly: true, Path: "/" });
    await other.close();
  });

  test("is never logged", async () => {
    const { cookie } = await signUp();
    await refresh(cookie);
    expect(JSON.stringify(gateway.logs)).not.toContain("rt2_");
  });
});

describe("refresh", () => {
  test("works by the cookie alone, again and again", async () => {
    const { cookie, session } = await signUp();
    const second = await refreshed(cookie);
    const third = await refreshed(second);
    expect(new Set([cookie, second, third]).size).toBe(3);
    expect(await sessionRow(session.id)).toEqual({ generation: 2, end_reason: null });
  });

  test("of two tabs at once sets one and the same cookie in both", async () => {
    const { cookie, session } = await signUp();
    const values = await Promise.all([refreshed(cookie), refreshed(cookie)]);
    expect(values[0]).toBe(values[1]);
    expect(await sessionRow(session.id)).toEqual({ generation: 1, end_reason: null });
    await refreshed(values[0]);
  });

  test("takes a token in the input too, before the cookie, and answers by cookie", async () => {
    const [first, second] = [await signUp(), await signUp()];
    const reply = await gateway.send(RefreshDocument, { input: { refreshToken: first.cookie } }, sending(second.cookie));
    expect(dataOf(reply).refresh).toMatchObject({ refreshToken: null, session: { id: first.session.id } });
    expect(cookieOf(reply)?.value).not.toBe(first.cookie);
    expect(await sessionRow(second.session.id)).toEqual({ generation: 0, end_reason: null });
  });

  test("takes the cookie where the input holds null", async () => {
    const { cookie, session } = await signUp();
    const reply = await gateway.send(RefreshDocument, { input: { refreshToken: null } }, sending(cookie));
    expect(dataOf(reply).refresh.session.id).toBe(session.id);
  });

  test.each([
    ["nothing at all", "INVALID_REFRESH_TOKEN", async () => undefined],
    ["an empty cookie", "INVALID_REFRESH_TOKEN", async () => ""],
    ["garbage", "INVALID_REFRESH_TOKEN", async () => "rt2_%00garbage"],
    ["a forged token of a session that exists", "INVALID_REFRESH_TOKEN", async () => forged((await signUp()).cookie)],
    [
      "a session that has ended",
      "SESSION_ENDED",
      async () => {
        const { cookie } = await signUp();
        dataOf(await gateway.send(LogoutDocument, {}, sending(cookie)));
        return cookie;
      },
    ],
    [
      "a token that was used long ago",
      "REFRESH_TOKEN_REUSED",
      async () => {
        const { cookie } = await signUp();
        await refreshed(await refreshed(cookie));
        return cookie;
      },
    ],
  ])("that fails neither sets nor clears a cookie: %s", async (_name, code, prepare) => {
    const cookie = await prepare();
    const reply = await gateway.send(RefreshDocument, {}, cookie === undefined ? {} : sending(cookie));
    expect(codesOf(reply)).toEqual([code]);
    expect(cookieOf(reply)).toBeUndefined();
  });

  /** The genuine session, somebody else's secrets. */
  function forged(token: string): string {
    const bytes = Buffer.from(token.slice(4), "base64url").fill(7, 32);
    return `rt2_${bytes.toString("base64url")}`;
  }
});

describe("logout", () => {
  test("by the cookie ends its session and takes the cookie back", async () => {
    const { cookie, session, attributes } = await signUp();
    const reply = await gateway.send(LogoutDocument, {}, sending(cookie));
    expect(dataOf(reply).logout.endedSessions).toBe(1);
    const cleared = cookieOf(reply);
    expect(cleared?.value).toBe("");
    const { Expires: expires, "Max-Age": maxAge, ...others } = cleared?.attributes ?? {};
    expect(Date.parse(String(expires))).toBe(0);
    expect([undefined, "0"]).toContain(maxAge);
    expect({ ...others, Expires: expect.anything() }).toEqual({ ...attributes, Expires: expect.anything() });
    expect(await sessionRow(session.id)).toEqual({ generation: 0, end_reason: "LOGOUT" });
    expect(codesOf(await refresh(cookie))).toEqual(["SESSION_ENDED"]);
  });

  test("clears a cookie that is worth nothing", async () => {
    const reply = await gateway.send(LogoutDocument, {}, sending("garbage"));
    expect(dataOf(reply).logout.endedSessions).toBe(0);
    expect(cookieOf(reply)?.value).toBe("");
  });

  test("by the access token alone sets no cookie", async () => {
    const { accessToken } = await signUp();
    const reply = await gateway.send(LogoutDocument, {}, { token: accessToken });
    expect(dataOf(reply).logout.endedSessions).toBe(1);
    expect(cookieOf(reply)).toBeUndefined();
  });

  test("by a token in the input leaves the cookie of another session, and that session, alone", async () => {
    const [first, second] = [await signUp(), await signUp()];
    const reply = await gateway.send(LogoutDocument, { input: { refreshToken: first.cookie } }, sending(second.cookie));
    expect(dataOf(reply).logout.endedSessions).toBe(1);
    expect(await sessionRow(second.session.id)).toMatchObject({ end_reason: null });
    expect(cookieOf(reply)).toBeUndefined();
  });
});

describe("a request that a foreign page can make is refused and changes nothing", () => {
  const mutation = JSON.stringify({ query: "mutation Refresh { refresh { tokenType } }" });
  const search = (operationName: string) => new URLSearchParams({ query: "mutation Refresh { refresh { tokenType } }", operationName });
  const asGet = (operationName: string, headers: Record<string, string>) => ({
    path: `/graphql?${search(operationName)}`,
    init: { headers },
  });
  const asPost = (contentType: string | undefined, body: RequestInit["body"] = mutation) => {
    const headers: Record<string, string> = contentType === undefined ? {} : { "content-type": contentType };
    return { path: "/graphql", init: { method: "POST", headers, body: body ?? null } };
  };
  const form = new FormData();
  form.set("operations", mutation);
  form.set("map", "{}");

  test.each<[name: string, request: { path: string; init: RequestInit & { headers?: Record<string, string> } }]>([
    ["text/plain", asPost("text/plain")],
    ["text/plain that mentions JSON", asPost("text/plain; application/json")],
    ["text/plain in capitals", asPost("TEXT/PLAIN;charset=UTF-8")],
    ["two content types", asPost("text/plain, application/json")],
    ["a form", asPost("application/x-www-form-urlencoded", search("Refresh").toString())],
    ["JSON called a form", asPost("application/x-www-form-urlencoded")],
    ["a form with files", { path: "/graphql", init: { method: "POST", body: form } }],
    ["no content type", asPost(undefined, new Blob([mutation]))],
    ["GET", asGet("Refresh", {})],
    ["GET that takes HTML", asGet("Refresh", { accept: "text/html" })],
    ["GET by a client of ours", asGet("Refresh", { "content-type": "application/json" })],
    ["GET with Apollo's header", asGet("Refresh", { "apollo-require-preflight": "1" })],
    ["GET that names another operation", asGet("Other", { "apollo-require-preflight": "1" })],
    ["GET that names no operation", asGet("", { "x-apollo-operation-name": "x" })],
  ])("%s", async (_name, { path, init }) => {
    const { cookie, session } = await signUp();
    const response = await fetch(gateway.url + path, { ...init, headers: { ...init.headers, cookie: `${NAME}=${cookie}` } });
    const text = await response.text();
    expect(text).not.toContain('"data"');
    if (!text.includes("<html")) expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await sessionRow(session.id)).toEqual({ generation: 0, end_reason: null });
    await refreshed(cookie);
  });

  test("a cookie is no access token", async () => {
    const { cookie } = await signUp();
    const reply = await gateway.send(MeFromTokenDocument, {}, sending(cookie));
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "missing" });
  });
});

describe("with tokens in the body", () => {
  let bodyGateway: TestGateway;
  beforeAll(async () => {
    bodyGateway = await startTestGateway({ database: gateway.database });
  });
  afterAll(() => bodyGateway.close());

  test("no cookie is set", async () => {
    const reply = await bodyGateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } });
    const { refreshToken } = dataOf(reply).register;
    const second = await bodyGateway.send(RefreshDocument, { input: { refreshToken } });
    const third = await bodyGateway.send(LogoutDocument, { input: { refreshToken: dataOf(second).refresh.refreshToken } });
    expect(dataOf(third).logout.endedSessions).toBe(1);
    expect([reply, second, third].flatMap(({ headers }) => headers.getSetCookie())).toEqual([]);
  });

  test("a cookie is ignored, and not cleared", async () => {
    const { cookie, session } = await signUp();
    expect(codesOf(await bodyGateway.send(RefreshDocument, {}, sending(cookie)))).toEqual(["INVALID_REFRESH_TOKEN"]);
    const reply = await bodyGateway.send(LogoutDocument, {}, sending(cookie));
    expect(dataOf(reply).logout.endedSessions).toBe(0);
    expect(cookieOf(reply)).toBeUndefined();
    expect(await sessionRow(session.id)).toEqual({ generation: 0, end_reason: null });
    await refreshed(cookie);
  });
});
