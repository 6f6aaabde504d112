import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RegisterDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const OWN = "https://auth.example.com";
const APP = "https://app.example.com";
const EVIL = "https://evil.example";
/** Of the same site as we are: it gets SameSite=Strict cookies sent along. */
const SIBLING = "https://blog.example.com";

let database: TestDatabase;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  const env = {
    NODE_ENV: "production",
    DATABASE_URL: database.url,
    SECRET: "Vq3zL8wYc1RmXt6KpD0hUe9sBn4JgFa7",
    PUBLIC_URL: OWN,
    CORS_ORIGINS: APP,
    REFRESH_TOKEN_CARRIER: "cookie",
    REFRESH_COOKIE_SAME_SITE: "None",
  };
  gateway = await startTestGateway({ database, env });
});
afterAll(async () => {
  await gateway.close();
  await database.drop();
});

/** A victim's cookie, and what their session looks like. */
async function signUp(): Promise<{ cookie: string; generation(): Promise<number> }> {
  const reply = await gateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } });
  expect(codesOf(reply)).toEqual([]);
  const cookie = reply.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const id = reply.data?.register.session.id ?? "";
  return {
    cookie,
    async generation() {
      const [row] = await database.sql`select generation from sessions where id = ${id} and ended_at is null`;
      return row?.generation;
    },
  };
}

const refresh = JSON.stringify({ query: "mutation { refresh { accessToken } }" });
const boundary = "----x";
const form = new URLSearchParams({ query: "mutation { refresh { accessToken } }" }).toString();
const multipart = `--${boundary}\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${refresh}\r\n--${boundary}--\r\n`;

/** What a browser adds to requests of other pages. */
const from = (origin: string, site: string) => ({ origin, "sec-fetch-site": site });
const pages: readonly (readonly [name: string, headers: Record<string, string>])[] = [
  ["another site", from(EVIL, "cross-site")],
  ["another host of our site", from(SIBLING, "same-site")],
  ["another port of our host", from(`${OWN}:8443`, "same-site")],
  ["our host over plain http", from("http://auth.example.com", "cross-site")],
  ["a sandboxed frame", from("null", "cross-site")],
  ["a page whose address only looks like ours", from("https://auth.example.com.evil.example", "cross-site")],
  ["a browser that says no origin", { "sec-fetch-site": "cross-site" }],
  ["an old browser, of another site", { origin: EVIL }],
];

/** Everything that a page can send without asking first, and JSON, for which a browser asks. */
const bodies: readonly (readonly [name: string, contentType: string | undefined, body: string])[] = [
  ["JSON", "application/json", refresh],
  ["JSON as text", "text/plain", refresh],
  ["JSON as text, said to be JSON", "text/plain; application/json", refresh],
  ["a form", "application/x-www-form-urlencoded", form],
  ["a form whose only field is JSON", "application/x-www-form-urlencoded", refresh],
  ["a form of parts", `multipart/form-data; boundary=${boundary}`, multipart],
  ["no content type", undefined, refresh],
  ["an empty content type", "", refresh],
  ["a content type that none is", "a", refresh],
];

async function postBytes(headers: Record<string, string>, contentType: string | undefined, body: string): Promise<Response> {
  const type: Record<string, string> = contentType === undefined ? {} : { "content-type": contentType };
  // Bytes: for a text, fetch would say text/plain.
  return fetch(`${gateway.url}/graphql`, { method: "POST", headers: { ...headers, ...type }, body: new TextEncoder().encode(body) });
}

describe("a page that may not call moves nothing, whatever it sends with the visitor's cookie", () => {
  describe.each(pages)("%s", (_page, page) => {
    test.each(bodies)("%s", async (_name, contentType, body) => {
      const victim = await signUp();
      const response = await postBytes({ ...page, cookie: victim.cookie }, contentType, body);
      expect(response.status).toBe(403);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(await victim.generation()).toBe(0);
    });

    test("nor signs it the visitor in as somebody else", async () => {
      const query = `mutation { register(input: { email: "${newEmail()}", password: "${PASSWORD}" }) { tokenType } }`;
      const response = await postBytes(page, "application/json", JSON.stringify({ query }));
      expect(response.status).toBe(403);
      expect(response.headers.getSetCookie()).toEqual([]);
    });
  });

  test.each(["GET", "HEAD"])("nor by a link or an image: %s", async (method) => {
    const victim = await signUp();
    for (const headers of [{}, { "apollo-require-preflight": "1" }, { "content-type": "application/json" }] as Record<string, string>[]) {
      const response = await fetch(`${gateway.url}/graphql?${form}`, {
        method,
        headers: { ...from(SIBLING, "same-site"), ...headers, cookie: victim.cookie },
      });
      expect([400, 404, 405]).toContain(response.status);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(await victim.generation()).toBe(0);
  });

  test.each([EVIL, SIBLING, "null"])("and a browser that asks first is not told that %s may", async (origin) => {
    const asked = { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
    const response = await fetch(`${gateway.url}/graphql`, { method: "OPTIONS", headers: asked });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("what needs no asking is refused from any page, and from none: Apollo Server's own lock", () => {
  test.each(bodies.filter(([name]) => name !== "JSON"))("%s", async (_name, contentType, body) => {
    for (const page of [{}, from(APP, "same-site"), from(OWN, "same-origin")] as Record<string, string>[]) {
      const victim = await signUp();
      const response = await postBytes({ ...page, cookie: victim.cookie }, contentType, body);
      expect([400, 415]).toContain(response.status);
      expect(await victim.generation()).toBe(0);
    }
  });
});

describe("whoever may call does, with the cookie", () => {
  test.each<readonly [name: string, headers: Record<string, string>]>([
    ["a page that CORS_ORIGINS names", from(APP, "same-site")],
    ["the same in an old browser", { origin: APP }],
    ["our own page", from(OWN, "same-origin")],
    ["our own page by another address", from("http://127.0.0.1:4000", "same-origin")],
    ["somebody who typed it", { "sec-fetch-site": "none" }],
    ["a client that is no browser", {}],
  ])("%s", async (_name, page) => {
    const visitor = await signUp();
    const response = await postBytes({ ...page, cookie: visitor.cookie }, "application/json", refresh);
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()).toHaveLength(1);
    expect(await visitor.generation()).toBe(1);
  });
});
