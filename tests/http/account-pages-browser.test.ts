import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountPages } from "../../src/auth/users/account-links.ts";
import { LoginDocument, RegisterDocument, RequestEmailChangeDocument, RequestPasswordResetDocument } from "../generated/operations.ts";
import { createClient, dataOf } from "../support/client.ts";
import { violationsOf } from "../support/clients/accessibility.ts";
import { type Browser, type BrowserPage, hasBrowser, startBrowser } from "../support/clients/browser.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { makeReachableFolder } from "../support/folders.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lastFacts, messagesTo, PRODUCTION_SECRET } from "../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const production = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://given.elsewhere/",
  SECRET: PRODUCTION_SECRET,
  PUBLIC_URL: "https://auth.example.com",
  SMTP_URL: "smtp://127.0.0.1:1",
};

/** Where a browser reaches the gateway under test: the path and the fragment of a link of its messages. */
function at(gateway: TestGateway, link: string): string {
  const { pathname, hash } = new URL(link);
  return gateway.url + pathname + hash;
}

const shownForm = "document.querySelector('form:not([hidden])')";
const resendForm = "document.querySelector('[data-operation=requestEmailVerification]')";
const isDone = "document.querySelector('[data-done]:not([hidden])') !== null";
const press = (page: BrowserPage) => page.evaluate(`${shownForm}.querySelector('button').click()`);
const fill = (page: BrowserPage, name: string, value: string) =>
  page.evaluate(`${shownForm}.querySelector('[name=${name}]').value = ${JSON.stringify(value)}`);
/** Right below the button of the first form, which is the one that is pressed here. */
const says = (page: BrowserPage, words: string) =>
  page.until(`${shownForm}.querySelector('button + [role=status]').textContent.includes(${JSON.stringify(words)})`);
const saysNothingElse = (page: BrowserPage) =>
  page.evaluate("[...document.querySelectorAll('[role=status]')].filter(({ textContent }) => textContent !== '').length <= 1");

/** Beside the field that it is about. */
const finds = (page: BrowserPage, field: string, words: string) =>
  page.until(`document.querySelector('#${field}-problem').textContent.includes(${JSON.stringify(words)})`);

describe.skipIf(!hasBrowser)("in a browser", () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await startBrowser();
    folder = await makeReachableFolder("trusted-documents-");
    await writeFile(join(folder, "none.json"), "{}");
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function open(gateway: TestGateway, link: string): Promise<BrowserPage> {
    const page = await browser.open(at(gateway, link));
    await page.until(`${shownForm} !== null || document.querySelector('p[data-needs]:not([hidden])') !== null`);
    return page;
  }

  describe.each<[name: string, env: Record<string, string>, trustsNothingElse?: "trusts nothing else"]>([
    ["in development", {}],
    ["with tokens in a cookie", { REFRESH_TOKEN_CARRIER: "cookie" }],
    [
      "in production, with a cookie and no trusted document but our own",
      { ...production, REFRESH_TOKEN_CARRIER: "cookie" },
      "trusts nothing else",
    ],
  ])("%s", (_name, env, trust) => {
    let database: TestDatabase;
    let gateway: TestGateway;
    /** On the same database; it executes any document. */
    let client: TestGateway;
    beforeAll(async () => {
      database = await createTestDatabase();
      client = await startTestGateway({ database, env });
      gateway = await startTestGateway({ database, env: { ...env, ...(trust && { TRUSTED_DOCUMENTS: join(folder, "none.json") }) } });
    });
    afterAll(async () => {
      await Promise.all([gateway.close(), client.close()]);
      await database.drop();
    });

    test("opening the link uses nothing up and takes the token out of the address; the button verifies", async () => {
      const { user } = await client.register();
      const { link } = await lastFacts(gateway, user.email, "verify_email");
      for (let round = 0; round < 3; round += 1) {
        const opened = await open(gateway, link);
        expect(await opened.evaluate("location.href")).toBe(`${gateway.url}/account/verify-email`);
        expect(await opened.evaluate("history.length")).toBe(1);
      }
      const page = await open(gateway, link);
      await press(page);
      await page.until(isDone);
      expect(await database.sql`select email_verified from users where id = ${user.id}`).toEqual([{ email_verified: true }]);
      const again = await open(gateway, link);
      await press(again);
      await says(again, "has expired or has been used");
      expect(await saysNothingElse(again)).toBe(true);
      await again.evaluate(`${resendForm}.email.value = ${JSON.stringify(user.email)}; ${resendForm}.querySelector('button').click()`);
      await again.until(isDone);
      expect((await messagesTo(gateway, user.email)).at(-1)?.content.template).toBe("already_verified");
    });

    test("without a link the code verifies, and a wrong one says so", async () => {
      const { user } = await client.register();
      const page = await open(gateway, "https://x.test/account/verify-email");
      await page.evaluate(`${resendForm}.email.value = ${JSON.stringify(user.email)}; ${resendForm}.querySelector('button').click()`);
      await page.until(isDone);
      const { code } = await lastFacts(gateway, user.email, "verify_email");
      await fill(page, "email", user.email);
      await fill(page, "code", code === "000000" ? "000001" : "000000");
      await press(page);
      await says(page, "has expired or has been used");
      await fill(page, "code", `${code.slice(0, 3)} ${code.slice(3)}`);
      await press(page);
      await page.until("document.querySelector('[data-done=verifyEmail]:not([hidden])') !== null");
    });

    test("a forgotten password is asked for, refused while it is bad, and set", async () => {
      const email = newEmail();
      dataOf(await client.send(RegisterDocument, { input: { email, password: PASSWORD } }));
      const asking = await open(gateway, "https://x.test/account/forgotten-password");
      await fill(asking, "email", "nobody");
      await press(asking);
      await finds(asking, "email", "not an e-mail address");
      await fill(asking, "email", email);
      await press(asking);
      await asking.until(isDone);
      const page = await open(gateway, (await lastFacts(gateway, email, "reset_password")).link);
      await fill(page, "newPassword", "short");
      await press(page);
      await finds(page, "newPassword", "This password is too short.");
      expect(await page.evaluate("document.querySelector('#newPassword').ariaInvalid")).toBe("true");
      expect(await page.evaluate("document.activeElement.id")).toBe("newPassword");
      expect(await page.evaluate("document.querySelector('[role=status]').textContent")).toBe("");
      await fill(page, "newPassword", "another walk by the sea");
      await press(page);
      await page.until(isDone);
      expect(await page.evaluate("document.querySelector('#newPassword-problem').textContent")).toBe("");
      expect(await page.evaluate("document.querySelector('#way-on:not([hidden])').textContent")).toContain("go back to");
      dataOf(await client.send(LoginDocument, { input: { email, password: "another walk by the sea" } }));
    });

    test("a new address is confirmed, and gone back from, by the links of the messages", async () => {
      const { user, accessToken } = await client.register();
      const verification = await open(gateway, (await lastFacts(gateway, user.email, "verify_email")).link);
      await press(verification);
      await verification.until(isDone);
      const newAddress = newEmail();
      const input = { newEmail: newAddress, password: PASSWORD };
      dataOf(await client.send(RequestEmailChangeDocument, { input }, { token: accessToken }));
      const confirming = await open(gateway, (await lastFacts(gateway, newAddress, "confirm_email_change")).link);
      await press(confirming);
      await confirming.until(isDone);
      expect(await database.sql`select email from users where id = ${user.id}`).toEqual([{ email: newAddress }]);
      const undoing = await open(gateway, (await lastFacts(gateway, user.email, "email_changed")).link ?? "");
      await press(undoing);
      await undoing.until(isDone);
      expect(await database.sql`select email from users where id = ${user.id}`).toEqual([{ email: user.email }]);
      const setting = await open(gateway, (await lastFacts(gateway, user.email, "email_change_undone")).link);
      await fill(setting, "newPassword", "another walk by the sea");
      await press(setting);
      await setting.until(isDone);
    });

    test("a link that lost its token says so, and offers nothing to press", async () => {
      for (const name of ["reset-password", "confirm-email-change", "undo-email-change"]) {
        const page = await open(gateway, `https://x.test/account/${name}`);
        expect(await page.evaluate(`${shownForm} === null`)).toBe(true);
      }
    });
  });

  test("in another language its problems are in that language, too, and the way on leads to the application", async () => {
    const gateway = await startTestGateway({ env: { SERVICE_NAME: "Acme", APP_URL: "https://app.example.com/" } });
    const { user } = await gateway.register();
    const german = await browser.open(at(gateway, (await lastFacts(gateway, user.email, "verify_email")).link), { language: "de" });
    await german.until(`${shownForm} !== null`);
    expect(await german.evaluate("document.documentElement.lang")).toBe("de");
    await german.evaluate(`${resendForm}.email.value = 'niemand'; ${resendForm}.querySelector('button').click()`);
    await finds(german, "address", "Das ist keine E-Mail-Adresse");
    await press(german);
    await german.until(isDone);
    expect(await german.evaluate("document.querySelector('#way-on:not([hidden]) a').href")).toBe("https://app.example.com/");
    expect(await german.evaluate("document.querySelector('#way-on').innerText")).toBe("Weiter zu Acme");
    const again = await browser.open(at(gateway, (await lastFacts(gateway, user.email, "verify_email")).link), { language: "de" });
    await again.until(`${shownForm} !== null`);
    await press(again);
    await says(again, "falsch, abgelaufen oder schon benutzt");
    await gateway.close();
  });

  test.each(["light", "dark"] as const)("nothing of the pages is out of anybody's reach, as axe judges: %s", async (colours) => {
    const gateway = await startTestGateway();
    for (const path of Object.values(accountPages)) {
      const page = await browser.open(`${gateway.url}${path}#token=none`);
      await page.prefer(colours);
      await page.until(`matchMedia("(prefers-color-scheme: ${colours})").matches && ${shownForm} !== null`);
      expect(await violationsOf(page), path).toEqual([]);
      await press(page);
      await page.until("[...document.querySelectorAll('.problem')].some(({ textContent }) => textContent !== '')");
      expect(await violationsOf(page), `${path} with a problem`).toEqual([]);
    }
    await gateway.close();
  });

  test("a scanner that follows the link, and runs its scripts, leaves it as good as it was", async () => {
    const gateway = await startTestGateway();
    const { user } = await gateway.register();
    dataOf(await createClient(gateway.url).send(RequestPasswordResetDocument, { email: user.email }));
    for (const { content } of await messagesTo(gateway, user.email)) {
      if ("link" in content.facts && content.facts.link !== undefined) await open(gateway, content.facts.link);
    }
    const [left] = await gateway.database.sql`select count(*)::int as tokens, sum(code_tries)::int as tries from one_time_tokens`;
    expect(left).toEqual({ tokens: 2, tries: 0 });
    await gateway.close();
  });
});
