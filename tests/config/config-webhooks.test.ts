import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig, parseFileAlone } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";
import { systemClock } from "../../src/core/clock.ts";
import { StartupError } from "../../src/core/errors.ts";
import { openWebhooks } from "../../src/start/messages/webhooks.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const production = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://db.internal/auth",
  SECRET: "kYq3Wn8xTz5Rb7Vc2Mf9Lp4Hs6Jd1Ga0",
  PUBLIC_URL: "https://auth.example.com",
};

const parse = (webhooks: string, env = {}) =>
  parseConfig({ CRM: SECRET, ...env }, { path: "/etc/gateway.yaml", text: `webhooks: ${webhooks}` });

function problemsOf(webhooks: string, env = {}): string[] {
  try {
    parse(webhooks, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable, problem }) => `${variable} ${problem}`);
    throw error;
  }
}

test("a webhook has a URL, secrets that stand elsewhere, and events", () => {
  const config = parse(`
  - url: https://crm.example.com/hooks?tenant=1
    secret: [{ env: CRM }, { file: ./old.txt }]
    events: [user.registered, session.ended, user.registered]
`);
  expect(config.webhooks).toEqual([
    {
      url: "https://crm.example.com/hooks?tenant=1",
      secrets: [{ env: "CRM" }, { file: "/etc/old.txt" }],
      events: ["user.registered", "session.ended"],
    },
  ]);
  expect(config.webhookSecrets).toEqual(new Map([["CRM", SECRET]]));
  expect(parse("").webhooks).toEqual([]);
});

const hook = (changes: string) => `[{ url: https://a.test, secret: { env: CRM }, events: [user.registered], ${changes} }]`;

describe("a problem of the configuration", () => {
  test.each<[string, string, string]>([
    ["no list", "{}", "webhooks must be a list."],
    ["an unknown key", hook("headers: {}"), "webhooks[0].headers is not a known key. Known here: url, secret, events."],
    ["no URL", "[{ secret: { env: CRM }, events: [user.registered] }]", "webhooks[0].url must be an http or https URL."],
    [
      "a user in it",
      "[{ url: 'https://a:b@c.test', secret: { env: CRM }, events: [user.registered] }]",
      "webhooks[0].url must be an http or https URL without user and fragment.",
    ],
    [
      "another protocol",
      "[{ url: 'file:///etc/passwd', secret: { env: CRM }, events: [user.registered] }]",
      "webhooks[0].url must be an http or https URL without user and fragment.",
    ],
    [
      "a secret in the file itself",
      `[{ url: https://a.test, secret: ${SECRET}, events: [user.registered] }]`,
      "webhooks[0].secret must be { env: NAME } or { file: PATH }, or a list of those, the newest first.",
    ],
    [
      "a secret in the file itself, in a list",
      `[{ url: https://a.test, secret: [{ env: CRM }, ${SECRET}], events: [user.registered] }]`,
      "webhooks[0].secret[1] must be { env: NAME } or { file: PATH }, or a list of those, the newest first.",
    ],
    [
      "a variable that cannot be one",
      "[{ url: https://a.test, secret: { env: CRM-SECRET }, events: [user.registered] }]",
      "webhooks[0].secret.env must be the name of a variable.",
    ],
    [
      "no secret",
      "[{ url: https://a.test, events: [user.registered] }]",
      "webhooks[0].secret must be { env: NAME } or { file: PATH }, or a list of those, the newest first.",
    ],
    [
      "an empty list of secrets",
      "[{ url: https://a.test, secret: [], events: [user.registered] }]",
      "webhooks[0].secret must be one secret, or a list of at most 4.",
    ],
    ["no events", "[{ url: https://a.test, secret: { env: CRM }, events: [] }]", "webhooks[0].events must be a list of events."],
    ["one URL twice", `[${hook("").slice(1, -1)}, ${hook("").slice(1, -1)}]`, "webhooks has a URL twice."],
  ])("%s", (_name, section, problem) => {
    expect(problemsOf(section)).toEqual([`/etc/gateway.yaml: ${problem}`]);
  });

  test("an event that does not exist, told with those that do", () => {
    const [problem] = problemsOf("[{ url: https://a.test, secret: { env: CRM }, events: [user.born] }]");
    expect(problem).toMatch(/^\/etc\/gateway.yaml: webhooks\[0\].events\[0\] must be one of user.registered, .*session.ended\.$/);
  });

  test.each([
    ["http://crm.example.com/", 1],
    ["http://crm.internal:8080/", 1],
    ["http://localhost:8080/", 0],
    ["http://127.0.0.1/", 0],
    ["https://crm.example.com/", 0],
  ])("plain http in production, unless it is localhost: %s", (url, count) => {
    const section = `[{ url: "${url}", secret: { env: CRM }, events: [user.registered] }]`;
    expect(problemsOf(section, production)).toHaveLength(count);
    expect(problemsOf(section)).toEqual([]);
  });

  test.each([
    ["not set", undefined],
    ["empty", ""],
    ["without its prefix", Buffer.alloc(32, 7).toString("base64")],
    ["of 23 bytes", `whsec_${Buffer.alloc(23, 7).toString("base64")}`],
    ["of 65 bytes", `whsec_${Buffer.alloc(65, 7).toString("base64")}`],
    ["that is no base64", `whsec_${"!".repeat(44)}`],
  ])("a variable with a secret %s, which is not shown", (_name, value) => {
    expect(problemsOf(hook(""), { CRM: value })).toEqual([
      "CRM must be whsec_ and 24 to 64 random bytes in base64: gateway.yaml names it as the secret of a webhook.",
    ]);
  });
});

test("commands that only read the file need no secrets", () => {
  expect(parseFileAlone({}, { path: "gateway.yaml", text: `webhooks: ${hook("")}` }).webhooks).toHaveLength(1);
});

test("a secret in a file is read at the start, and one that cannot be one stops it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "webhooks-"));
  const path = join(folder, "secret.txt");
  const open = () => openWebhooks(parse(`[{ url: https://a.test, secret: { file: ${path} }, events: [user.registered] }]`), systemClock);
  await expect(open()).rejects.toThrow(StartupError);
  await writeFile(path, "whsec_short\n");
  const refusal = String(await open().catch((error: unknown) => error));
  expect(refusal).toContain(path);
  expect(refusal).not.toContain("whsec_short");
  await writeFile(path, `${SECRET}\n`);
  await (await open()).close();
  await rm(folder, { recursive: true });
});
