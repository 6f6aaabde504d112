import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NewMessage } from "../../src/outbox/outbox-messages.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type MessageWriter, openMessageWriter } from "../support/mail/write-messages.ts";
import { until } from "../support/until.ts";

const PATIENCE = 15_000;
let gateway: TestGateway;
let writer: MessageWriter;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { PUBLIC_URL: "http://dev.acme.test" } });
  writer = openMessageWriter(gateway.database.url, gateway.clock);
});
afterAll(async () => {
  await writer.close();
  await gateway.close();
});

const kept = (count: number) =>
  until(async () => {
    const [row] = await gateway.database.sql`select count(*)::int as kept from outbox where state = 'KEPT'`;
    return row?.kept === count;
  }, PATIENCE);

function open(
  host: string,
  path = "/outbox",
  url = gateway.url,
  more: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { headers: { host, accept: "text/html", ...more } }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

test("in development without SMTP_URL messages are kept, logged, and shown with links to click on, newest first", async () => {
  expect((await open("localhost")).body).toContain("Nothing has been sent yet.");
  const [first] = await writer.write({ channel: "email", to: "first@example.com" } as Partial<NewMessage>);
  await kept(1);
  await writer.write({ channel: "email", to: "<b>second</b>@example.com" } as Partial<NewMessage>);
  await kept(2);
  const [row] = await gateway.database
    .sql`select state, attempts, encrypted_payload is not null as has_payload from outbox where id = ${first ?? ""}`;
  expect(row).toEqual({ state: "KEPT", attempts: 1, has_payload: true });

  const { status, headers, body } = await open("localhost:4000");
  expect(status).toBe(200);
  expect(headers["content-security-policy"]).toBe(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(headers["cache-control"]).toBe("no-store");
  expect(body).toContain('<a href="https://auth.test/account/verify-email#token=abc">https://auth.test/account/verify-email#token=abc</a>');
  expect(body).toContain("&lt;b&gt;second&lt;/b&gt;@example.com");
  expect(body).not.toContain("<b>");
  expect(body).toMatch(/<time datetime="[^"]+Z">\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC<\/time>/);
  expect(body.indexOf("second")).toBeLessThan(body.indexOf("first@example.com"));

  expect(gateway.shownMails).toContainEqual(
    expect.objectContaining({
      level: 30,
      mail: { to: "first@example.com", subject: expect.stringContaining("Confirm"), text: expect.stringContaining("#token=abc") },
    }),
  );
});

test.each(["localhost", "localhost:4000", "app.localhost", "127.0.0.1:4000", "[::1]:4000", "dev.acme.test", "DEV.acme.test:80"])(
  "the page opens under %s",
  async (host) => {
    expect((await open(host)).status).toBe(200);
  },
);

test.each([
  "evil.example@localhost",
  "evil.example:1@localhost:4000",
  "localhost/.evil.test",
  "localhost#.evil.test",
  "localhost?.evil.test",
  "evil.test",
  "localhost.evil.test",
  "127.0.0.1.evil.test",
  "evil.test:4000",
  "dev.acme.test.evil.test",
  "10.0.0.1",
])("a name that leads here from elsewhere (%s) gets nothing of it", async (host) => {
  const { status, body } = await open(host);
  expect(status).toBe(403);
  expect(body).not.toContain("token");
});

test("the page does not exist with a mail server, nor in production", async () => {
  const production = {
    NODE_ENV: "production",
    DATABASE_URL: "postgres://db.internal/auth",
    SECRET: "Qm7vX2nB9tLr4KpZ6wYc8HsJ1dFg3AeU",
    PUBLIC_URL: "https://auth.acme.test",
  };
  for (const env of [{ SMTP_URL: "smtp://localhost:1" }, production]) {
    const other = await startTestGateway({ env });
    expect((await open("localhost", "/outbox", other.url)).status).toBe(404);
    await other.close();
  }
});

test("Apollo Sandbox keeps the policy that it needs", async () => {
  const { headers } = await open("localhost", "/graphql");
  expect(String(headers["content-security-policy"])).toContain("embeddable-sandbox.cdn.apollographql.com");
});

test("no page elsewhere reads it, whatever else that page may read here", async () => {
  for (const origin of ["https://studio.apollographql.com", "https://sandbox.embed.apollographql.com", "null"]) {
    const answer = await fetch(`${gateway.url}/outbox`, { headers: { origin } });
    expect([answer.status, await answer.text()]).toEqual([403, "Open this page itself.\n"]);
  }
});

test.each(["no-cors", "cors", "same-origin", "websocket", undefined])(
  "no page elsewhere loads it as a part of itself (%s)",
  async (mode) => {
    const headers = { "sec-fetch-site": "cross-site", ...(mode && { "sec-fetch-mode": mode }) };
    expect(await open("localhost", "/outbox", gateway.url, headers)).toMatchObject({ status: 403, body: "Open this page itself.\n" });
  },
);

test.each([
  ["a link on a page elsewhere", "cross-site", "navigate"],
  ["the address bar", "none", "navigate"],
  ["the start page", "same-origin", "navigate"],
])("%s opens it", async (_where, site, mode) => {
  const headers = { "sec-fetch-site": site, "sec-fetch-mode": mode };
  expect((await open("localhost", "/outbox", gateway.url, headers)).status).toBe(200);
});
