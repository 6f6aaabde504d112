import { parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { passwordProblems } from "../../src/auth/passwords/password-problems.ts";
import { accountPages } from "../../src/auth/users/account-links.ts";
import { accountPageDocuments } from "../../src/graphql/documents/account-page-documents.ts";
import { buildAuthGraph } from "../../src/graphql/schema.ts";
import { languages } from "../../src/http/pages/words/languages.ts";
import { RequestPasswordResetDocument, ResetPasswordDocument, VerifyEmailDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lastFacts, PRODUCTION_SECRET, tokenOf } from "../support/mail/outbox.ts";

let database: TestDatabase;
let development: TestGateway;
let production: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  const env = { NODE_ENV: "production", DATABASE_URL: database.url, SECRET: PRODUCTION_SECRET, PUBLIC_URL: "https://auth.example.com" };
  production = await startTestGateway({ database, env });
  development = await startTestGateway();
});
afterAll(async () => {
  await Promise.all([production.close(), development.close()]);
  await database.drop();
});

const paths = Object.values(accountPages);
const parts = ["/account/account.css", "/account/account.js", "/account/documents.js"];
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'";

/** What a page loads: addresses in its markup, and in the modules that it imports. */
async function subresourcesOf(gateway: TestGateway, path: string): Promise<string[]> {
  const text = await (await fetch(gateway.url + path)).text();
  const found = [...text.matchAll(/(?:src|href)="([^"]+)"|from "([^"]+)"/g)].map(([, address, module]) => address ?? module ?? "");
  return found.map((address) => new URL(address, gateway.url + path).pathname);
}

describe.each(["development", "production"])("in %s", (environment) => {
  const at = () => (environment === "production" ? production : development);

  test.each(paths)("%s is a static page that runs only our own scripts, is not kept, framed or referred from", async (path) => {
    const pages = await Promise.all(
      ["", "?token=x&<script>", "#token=x"].map((rest) => fetch(at().url + path + rest, { headers: { accept: "text/html" } })),
    );
    const texts = await Promise.all(pages.map((page) => page.text()));
    expect(new Set(texts).size).toBe(1);
    for (const { status, headers } of pages) {
      expect(status).toBe(200);
      expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(headers.get("content-security-policy")).toBe(policy);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("set-cookie")).toBeNull();
    }
    const [page = ""] = texts;
    expect(page).toMatch(/<html lang="en">.*<meta name="viewport".*<title>.*<noscript>.*<h1>.*role="status"/s);
    expect(page).not.toMatch(/<script(?![^>]* src=)|<style|style="|\son[a-z]+=|https?:/);
    // Every field that is typed into has its words.
    const fields = [...page.matchAll(/<input id="([^"]+)"/g)].map(([, id]) => id);
    expect([...page.matchAll(/<label for="([^"]+)"/g)].map(([, id]) => id)).toEqual(fields);
  });

  test("the pages load what is served here, with its type, and nothing else", async () => {
    const loaded = new Set<string>();
    for (const path of [...paths, "/account/account.js"]) for (const part of await subresourcesOf(at(), path)) loaded.add(part);
    expect([...loaded].filter((part) => !paths.includes(part)).sort()).toEqual(parts);
    const types = await Promise.all(parts.map(async (part) => (await fetch(at().url + part)).headers.get("content-type")));
    expect(types).toEqual(["text/css; charset=utf-8", "text/javascript; charset=utf-8", "text/javascript; charset=utf-8"]);
  });

  test("a page does nothing but GET and HEAD", async () => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      for (const path of paths) expect((await fetch(at().url + path, { method })).status).toBe(404);
    }
  });
});

test("Apollo Sandbox keeps the policy that it needs", async () => {
  const page = await fetch(`${development.url}/graphql`, { headers: { accept: "text/html" } });
  expect(page.headers.get("content-security-policy")).toContain("sandbox.embed.apollographql.com");
});

test("links fetched by GET, by HEAD and by a scanner that loads all that the page names are still usable, once", async () => {
  const { user } = await development.register();
  dataOf(await development.send(RequestPasswordResetDocument, { email: user.email }));
  const links = [await lastFacts(development, user.email, "verify_email"), await lastFacts(development, user.email, "reset_password")];
  const before = await development.database.sql`select * from one_time_tokens order by id`;
  for (const { link } of links) {
    const { pathname, hash } = new URL(link);
    const token = hash.slice(1);
    // Some put the fragment where a server sees it.
    for (const address of [pathname, `${pathname}?${token}`, `${pathname}%23${token}`]) {
      for (const method of ["GET", "HEAD"]) {
        await fetch(development.url + address, { method, headers: { "user-agent": "link scanner", purpose: "prefetch" } });
      }
    }
    for (const part of await subresourcesOf(development, pathname)) await fetch(development.url + part);
  }
  // A query by GET changes nothing either.
  const query = `mutation{verifyEmail(input:{token:"${tokenOf(links[0] ?? {})}"}){email}}`;
  const byGet = await fetch(`${development.url}/graphql?query=${encodeURIComponent(query)}`, {
    headers: { "apollo-require-preflight": "1" },
  });
  expect(byGet.status).toBe(405);
  expect(await development.database.sql`select * from one_time_tokens order by id`).toEqual(before);

  const [verify = { link: "" }, reset = { link: "" }] = links;
  dataOf(await development.send(VerifyEmailDocument, { input: { token: tokenOf(verify) } }));
  expect(codesOf(await development.send(VerifyEmailDocument, { input: { token: tokenOf(verify) } }))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  const input = { token: tokenOf(reset), newPassword: "another walk by the sea" };
  dataOf(await development.send(ResetPasswordDocument, { input }));
  expect(codesOf(await development.send(ResetPasswordDocument, { input }))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
});

test.each(Object.entries(accountPageDocuments))("what the pages send for %s is valid, and served", async (field, text) => {
  const { schema, rootFields } = await buildAuthGraph();
  expect(rootFields).toContain(`Mutation.${field}`);
  expect(validate(schema, parse(text))).toEqual([]);
});

describe("words", () => {
  let acme: TestGateway;
  beforeAll(async () => {
    acme = await startTestGateway({
      env: { SERVICE_NAME: "Acme & Sons", APP_URL: "https://app.example.com/a&b" },
    });
  });
  afterAll(() => acme.close());

  const read = async (gateway: TestGateway, path: string, language = "") => {
    const response = await fetch(gateway.url + path, { headers: { "accept-language": language } });
    return { headers: response.headers, text: await response.text() };
  };

  test.each(paths)("%s names the service and leads on to the application", async (path) => {
    const { text } = await read(acme, path);
    expect(text).toMatch(/<title>[^<]+ – Acme &amp; Sons<\/title>/);
    expect(text).toContain("<header><p>Acme &amp; Sons</p></header>");
    expect(text).toContain('<a href="https://app.example.com/a&amp;b">Continue to Acme &amp; Sons</a>');
    expect(text).not.toContain("{{");
  });

  test("without APP_URL a page says where to go back to, by the name of the service", async () => {
    const { text } = await read(production, "/account/verify-email");
    expect(text).toContain("go back to auth.example.com.");
  });

  test.each([
    ["", "en", "Verify your e-mail address"],
    ["de-AT,en;q=0.5", "de", "E-Mail-Adresse bestätigen"],
    ["fr-CA", "fr", "Confirmer votre adresse e-mail"],
    ["pl, es;q=0.8, en;q=0.5", "es", "Confirmar su correo electrónico"],
    ["pl", "en", "Verify your e-mail address"],
    ["*", "en", "Verify your e-mail address"],
    ["%;q=x,,", "en", "Verify your e-mail address"],
  ])("a browser that asks for %j is answered in %s", async (asked, language, title) => {
    const { headers, text } = await read(acme, "/account/verify-email", asked);
    expect(headers.get("content-language")).toBe(language);
    expect(headers.get("vary")).toMatch(/accept-language/i);
    expect(text).toContain(`<html lang="${language}">`);
    expect(text).toContain(`<h1>${title}</h1>`);
  });

  test("every language but the server's own has words for every problem that the pages meet", () => {
    const { en: _serverOwn, ...others } = languages;
    for (const { problems } of Object.values(languages)) {
      expect(Object.keys(problems.sentences).sort()).toEqual(Object.values(passwordProblems).sort());
    }
    for (const { problems } of Object.values(others)) {
      expect(Object.keys(problems.fields).sort()).toEqual(["code", "email", "newPassword"]);
      expect(Object.keys(problems.codes).sort()).toEqual(["EMAIL_TAKEN", "INVALID_ONE_TIME_TOKEN", "RATE_LIMITED", "TOO_BUSY"]);
      expect(problems.other).toBeDefined();
    }
  });
});
