import { domainToASCII } from "node:url";
import fc from "fast-check";
import parseAddresses from "nodemailer/lib/addressparser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readEmailAddress } from "../../src/auth/users/email-addresses.ts";
import { createMailComposer } from "../../src/mail/compose-mail.ts";
import { chooseWords } from "../../src/mail/own-words.ts";
import { createSmtpDelivery, type SmtpDelivery } from "../../src/mail/smtp-delivery.ts";
import { type MailServer, startMailServer } from "../support/mail/mail-server.ts";
import { rounds } from "../support/rounds.ts";

let server: MailServer;
let smtp: SmtpDelivery;
beforeAll(async () => {
  server = await startMailServer();
  const compose = createMailComposer(chooseWords([]).words, { service: "Acme" });
  const options = { host: "127.0.0.1", port: server.port, tls: "none", login: undefined } as const;
  smtp = createSmtpDelivery(compose, {
    server: options,
    from: { name: "Acme", address: "accounts@acme.test" },
    hostName: "auth.acme.test",
  });
});
afterAll(async () => {
  smtp.close();
  await server.close();
});

/** What mailers have been led astray by, beside what addresses are made of. */
const fragment = fc.constantFrom(
  ...[
    "a",
    "ada",
    "eve",
    "x.y",
    "+tag",
    "1",
    "evil.example",
    "example.com",
    "=?utf-8?q?",
    "=?utf-8?b?ZXZl?=",
    "?=",
    "=40",
    "=?",
    "_",
    "imceasmtp-",
  ],
  ...[
    '"',
    "(",
    ")",
    "<",
    ">",
    "[",
    "]",
    ",",
    ";",
    ":",
    "\\",
    "%",
    "!",
    "|",
    "/",
    "@",
    "..",
    " ",
    "\t",
    "\r\n",
    "\0",
    "\u2028",
    "\u202e",
    "\u200b",
  ],
  ...[
    "'",
    "`",
    "{",
    "}",
    "$",
    "#",
    "&",
    "*",
    "~",
    "^",
    "-",
    "=",
    "?",
    "＠",
    "ｅ",
    "ж",
    "é",
    "用户",
    "münchen",
    "xn--mnchen-3ya",
    "RCPT TO:",
    "SIZE=1",
  ],
);
const local = fc.array(fragment, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
const domain = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("example.com", "münchen.example", "xn--mnchen-3ya.de", "例子.广告", "Example.COM") },
  { weight: 1, arbitrary: local },
);
const address = fc.tuple(local, domain).map(([before, after]) => `${before}@${after}`);
const withAsciiDomain = (text: string) => {
  const at = text.lastIndexOf("@") + 1;
  return text.slice(0, at) + domainToASCII(text.slice(at));
};

test("whatever address is accepted, the mailer sees one recipient in it, and hands over to exactly that", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(address, async (typed) => {
      const { email } = readEmailAddress(typed);
      if (email === undefined) return;
      accepted += 1;
      expect(parseAddresses(email.address)).toEqual([{ name: "", address: email.address }]);
      const before = server.received.length;
      const content = { template: "already_verified", facts: {} } as const;
      const message = { channel: "email", to: email.address, content } as const;
      const context = { id: "01890000-0000-7000-8000-000000000000", createdAt: new Date(), signal: new AbortController().signal };
      expect(await smtp.deliver(message, context)).toEqual({ kind: "sent" });
      const [mail] = server.received.slice(before);
      expect(mail?.to.map(withAsciiDomain)).toEqual([withAsciiDomain(email.address)]);
      expect(mail?.parsed.to).toMatchObject({ value: [expect.objectContaining({ name: "" })] });
    }),
    { numRuns: rounds(500) },
  );
  expect(accepted).toBeGreaterThan(50);
});
