import { afterAll, beforeAll, expect, test } from "vitest";
import type { ComposeMail } from "../../src/mail/compose-mail.ts";
import { createSmtpDelivery } from "../../src/mail/smtp-delivery.ts";
import { type MailServer, startMailServer } from "../support/mail/mail-server.ts";

const compose: ComposeMail = () => ({ subject: "hello", text: "hello", html: undefined });

let server: MailServer;
beforeAll(async () => {
  server = await startMailServer();
});
afterAll(() => server.close());

/** RFC 5321, section 4.1.3: addresses stand in brackets. */
test.each([
  ["https://auth.example.com", "auth.example.com"],
  ["http://localhost:4000", "localhost"],
  ["http://203.0.113.7:4000", "[203.0.113.7]"],
  ["http://[2001:db8::1]:4000", "[IPv6:2001:db8::1]"],
])("a mail server is greeted by the name in PUBLIC_URL: %s", async (publicUrl, greeting) => {
  const delivery = createSmtpDelivery(compose, {
    server: { host: "127.0.0.1", port: server.port, tls: "none", login: undefined },
    hostName: new URL(publicUrl).hostname,
    from: { name: undefined, address: "accounts@acme.test" },
  });
  const message = { channel: "email", to: "ada@example.com", content: { template: "password_changed", facts: {} } } as never;
  const context = { id: crypto.randomUUID(), createdAt: new Date(), signal: AbortSignal.timeout(60_000) };
  expect(await delivery.deliver(message, context)).toEqual({ kind: "sent" });
  // The server tells it in lower case.
  expect(server.taken.at(-1)?.greetedAs).toBe(greeting.toLowerCase());
  delivery.close();
});
