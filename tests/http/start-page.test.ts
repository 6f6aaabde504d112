import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violationsOf } from "../support/clients/accessibility.ts";
import { type Browser, hasBrowser, startBrowser } from "../support/clients/browser.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PRODUCTION_SECRET } from "../support/mail/outbox.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

test("the start page loads nothing from elsewhere, and its policy allows nothing else", async () => {
  const response = await fetch(`${gateway.url}/`);
  const html = await response.text();
  expect([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link).filter((link) => !link?.startsWith("/"))).toEqual([]);
  expect(response.headers.get("content-security-policy")).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/,
  );
});

test("everything that it links to is there", async () => {
  const html = await (await fetch(`${gateway.url}/`)).text();
  const links = [...new Set([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link))];
  expect(links).toEqual(expect.arrayContaining(["/graphql", "/outbox", "/.well-known/jwks.json", "/readyz", "/livez"]));
  for (const link of links) expect((await fetch(gateway.url + link, { headers: { accept: "text/html" } })).status, link).toBe(200);
});

test("a host that is no name does not come back in it", async () => {
  const { request } = await import("node:http");
  const body = await new Promise<string>((resolve, reject) => {
    const sent = request(`${gateway.url}/`, { headers: { host: '"><script>' } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve(text));
    });
    sent.on("error", reject);
    sent.end();
  });
  expect(body).not.toContain('"><script>');
});

test("production has none", async () => {
  const production = await startTestGateway({
    env: { NODE_ENV: "production", DATABASE_URL: "postgres://db/auth", SECRET: PRODUCTION_SECRET, PUBLIC_URL: "https://auth.acme.test" },
  });
  for (const path of ["/", "/start.js", "/start.css"]) expect((await fetch(production.url + path)).status).toBe(404);
  await production.close();
});

describe.skipIf(!hasBrowser)("in a browser without the internet", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  test.each(["light", "dark"] as const)(
    "nothing of it is out of anybody's reach, as axe judges: %s, and with an answer",
    async (colours) => {
      const page = await browser.open(`${gateway.url}/`);
      await page.prefer(colours);
      await page.until(`matchMedia("(prefers-color-scheme: ${colours})").matches`);
      expect(await violationsOf(page)).toEqual([]);
      await page.evaluate(
        "[...document.querySelectorAll('[data-document]')].find(({ textContent }) => textContent === 'Who am I?').click()",
      );
      await page.until("document.querySelector('#answer').textContent.includes('{')");
      expect(await violationsOf(page)).toEqual([]);
    },
  );

  test.each(["light", "dark"] as const)("the outbox is as readable, as axe judges: %s", async (colours) => {
    await gateway.register();
    const page = await browser.open(`${gateway.url}/outbox`);
    await page.prefer(colours);
    await page.until(`matchMedia("(prefers-color-scheme: ${colours})").matches`);
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(
      colours === "dark" ? "rgb(27, 27, 31)" : "rgb(244, 244, 245)",
    );
    expect(await violationsOf(page)).toEqual([]);
  });

  test("the first operations work from it, one after another", async () => {
    const page = await browser.open(`${gateway.url}/`);
    const press = (name: string) =>
      page.evaluate(
        `[...document.querySelectorAll('[data-document]')].find((each) => each.textContent === ${JSON.stringify(name)}).click()`,
      );
    const answers = (words: string) => page.until(`document.querySelector('#answer').textContent.includes(${JSON.stringify(words)})`);
    await press("Register");
    await answers('"register"');
    await press("Who am I?");
    await answers('"createdAt"');
    await press("Refresh");
    await answers('"refresh"');
    await press("Sign out");
    await answers('"endedSessions": 1');
    await press("Sign in");
    await answers('"login"');
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  });
});
