import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMailComposer } from "../../src/mail/compose-mail.ts";
import { placeholders, wordsNames } from "../../src/mail/mail-words.ts";
import { chooseWords } from "../../src/mail/own-words.ts";
import type { MailContent } from "../../src/outbox/mail-templates.ts";
import { readMailWords } from "../../src/start/files/mail-words.ts";
import { readDocument, sectionOf, table } from "../support/documents.ts";

const link = "https://auth.test/account/verify-email#token=abc";
const nasty = '"><script>alert(1)</script>\r\nBcc: eve@evil.test\u202e https://evil.test/ www.evil.test {{code}} {{link}} \ud800';
const at = "2026-11-27T14:05:00.000Z";
const device = { at, userAgent: nasty, ipAddress: nasty };

/** One of each, with the worst that a stranger could put into it. */
const contents: readonly MailContent[] = [
  { template: "verify_email", facts: { link, code: "123456" } },
  { template: "already_registered", facts: { link } },
  { template: "already_verified", facts: {} },
  { template: "no_account", facts: {} },
  { template: "reset_password", facts: { link } },
  { template: "confirm_email_change", facts: { link, code: "123456" } },
  { template: "address_in_use", facts: {} },
  { template: "email_changed", facts: { newEmail: `${nasty}@example.com`, link, undoUntil: at } },
  { template: "email_changed", facts: { newEmail: nasty } },
  { template: "email_change_undone", facts: { link } },
  { template: "password_changed", facts: { at } },
  { template: "new_device", facts: device },
  { template: "token_reused", facts: device },
  { template: "account_deletion", facts: { erasureAt: at } },
  { template: "account_restored", facts: {} },
];

const composer = (files: Parameters<typeof chooseWords>[0] = []) =>
  createMailComposer(chooseWords(files).words, { service: "Acme & <Sons>" });

describe.each(contents)("$template", (content) => {
  const { subject, text, html = "" } = composer()(content);

  test("tells everything that it has to tell, in text and HTML", () => {
    for (const body of [text, html]) {
      if ("link" in content.facts && content.facts.link !== undefined) expect(body).toContain(link);
      if ("code" in content.facts) expect(body).toContain("123456");
      if (JSON.stringify(content.facts).includes(at)) expect(body).toContain("27 November 2026 at 14:05 UTC");
      expect(body).not.toMatch(/\{\{|\}\}|undefined/);
    }
    expect(text).toContain("Acme & <Sons>");
    expect(html).toContain("Acme &amp; &lt;Sons&gt;");
  });

  test("says what to do if it was not you", () => {
    expect(text).toMatch(/not you|do not know/);
    expect(html).toMatch(/not you|do not know/);
  });

  test("nothing that a stranger chose is markup, a link, or another line", () => {
    for (const body of [subject, text, html]) {
      expect(body).not.toMatch(/evil|alert|Bcc|\u202e|\ud800/);
      expect(body.isWellFormed()).toBe(true);
    }
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toMatch(/<script|<img|src=|@import|url\(/i);
    expect(new Set(html.match(/(href=|https?:)[^\s<]*/g)?.filter((each) => !each.includes(link)))).toEqual(new Set());
  });
});

test.each([
  ["ada@example.com", "a…@example.com"],
  ["почта@пример.рф", "п…@пример.рф"],
  ["undo-here.evil.test/now@example.com", "u…@example.com"],
  ["!ada@example.com", "(not shown)"],
])("the new address %s is told as %s", (newEmail, told) => {
  const { text } = composer()({ template: "email_changed", facts: { newEmail } });
  expect(text).toContain(`another e-mail address: ${told}.`);
  expect(text).not.toContain("undo-here");
});

test.each([
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox on Windows"],
  ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15", "Safari on a Mac"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605 CriOS/142.0 Mobile Safari/604.1", "Chrome on an iPhone"],
  ["Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"],
  ["curl/8.10", "a program"],
  ["", "a program"],
])("%s is called %s", (userAgent, name) => {
  const { text } = composer()({ template: "new_device", facts: { at, userAgent, ipAddress: "2001:db8::1" } });
  expect(text).toContain(`: ${name}, from the address 2001:db8::1.`);
});

describe("the operator's own words", () => {
  const problemsOf = (name: string, text: string | undefined) => chooseWords([{ name, text }]).problems;
  const whole = "Subject: Hi from {{service}}\n\nGo to {{ link }} or type {{code}}.\n";

  test("take the place of ours, message by message", () => {
    const compose = composer([
      { name: "verify_email.txt", text: whole },
      { name: "verify_email.html", text: '<a href="{{link}}">{{code}}</a>' },
    ]);
    expect(compose({ template: "verify_email", facts: { link: `${link}"&x=<`, code: "123456" } })).toEqual({
      subject: "Hi from Acme & <Sons>",
      text: `Go to ${link}"&x=< or type 123456.\n`,
      html: `<a href="${link}&quot;&amp;x=&lt;">123456</a>`,
    });
    expect(compose({ template: "reset_password", facts: { link } }).subject).toContain("Choose a new password");
  });

  test("without HTML are sent as text alone, and HTML alone stands beside our text", () => {
    const textAlone = composer([{ name: "verify_email.txt", text: whole.replaceAll("\n", "\r\n") }]);
    expect(textAlone({ template: "verify_email", facts: { link, code: "1" } })).toMatchObject({ html: undefined });
    const htmlAlone = composer([{ name: "verify_email.html", text: "{{link}}" }])({ template: "verify_email", facts: { link, code: "1" } });
    expect(htmlAlone).toMatchObject({ html: link, subject: expect.stringContaining("Confirm your e-mail address") });
  });

  test.each([
    ["a file of no message", "verify.txt", whole, /^verify\.txt is not one of verify_email, /],
    ["another kind of file", "verify_email.md", whole, /is not one of/],
    ["a name that objects inherit", "constructor.txt", whole, /is not one of/],
    ["no subject", "verify_email.txt", "Hello {{link}}", /must begin with a line such as Subject/],
    ["an empty subject", "verify_email.txt", "Subject: \n\n{{link}}", /must begin with a line such as Subject/],
    ["nothing but a subject", "verify_email.txt", "Subject: Hi\n\n", /must begin with a line such as Subject/],
    ["a code in the subject", "verify_email.txt", "Subject: {{code}}\n\n{{link}}", /has \{\{code\}\} in its subject/],
    ["a subject without end", "verify_email.txt", `Subject: ${"a".repeat(151)}\n\n{{link}}`, /has a subject longer than 150/],
    ["a subject with a tab", "verify_email.txt", "Subject: a\tb\n\n{{link}}", /has a subject/],
    [
      "an unknown name",
      "verify_email.txt",
      "Subject: Hi\n\n{{link}} {{user_name}}",
      /has \{\{user_name\}\}, but there is only link, code, service/,
    ],
    ["another message's name", "no_account.html", "{{link}}", /has \{\{link\}\}, but there is only service/],
    ["a name that objects inherit, in braces", "no_account.html", "{{constructor}}", /has \{\{constructor\}\}/],
    ["braces that are not closed", "verify_email.html", "{{link}} {{code", /has \{\{ without a name/],
    ["a message that has lost its link", "reset_password.html", "<p>Hello</p>", /has no \{\{link\}\}/],
    ["another encoding", "verify_email.txt", undefined, /is not text in UTF-8/],
    ["a book", "verify_email.html", `{{link}}${"a".repeat(200_000)}`, /is too long/],
  ])("%s stops the start", (_title, name, text, problem) => {
    expect(problemsOf(name, text)).toEqual([expect.stringMatching(problem)]);
  });

  test("braces of style sheets are nobody's business", () => {
    expect(problemsOf("no_account.html", "<style>@media print{p{color:red}}</style>")).toEqual([]);
  });
});

describe("the operator's folder", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mail-words-"));
    await writeFile(join(folder, "no_account.txt"), "Subject: Здравствуйте\n\nUnknown.\n");
    // As volumes of orchestrators have them.
    await mkdir(join(folder, "..data"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("is read at the start", () => {
    expect(readMailWords(folder).no_account).toEqual({ subject: "Здравствуйте", text: "Unknown.\n", html: undefined });
  });

  test("stops the start with everything that is wrong with it", async () => {
    await writeFile(join(folder, "hello.txt"), "x");
    await writeFile(join(folder, "reset_password.html"), Buffer.from([0xff, 0xfe]));
    await mkdir(join(folder, "verify_email.txt"));
    expect(() => readMailWords(folder)).toThrow(
      expect.objectContaining({
        name: "StartupError",
        message: expect.stringMatching(
          /has 3 problems:\n {2}- hello\.txt [^\n]*\n {2}- reset_password\.html [^\n]*\n {2}- verify_email\.txt /,
        ),
      }),
    );
  });

  test("must be there", () => {
    expect(() => readMailWords(join(folder, "missing"))).toThrow(/mail\.templates cannot be read/);
  });
});

test("docs/guides/mail.md lists every file, and what it may tell", () => {
  const rows = wordsNames.map((name) => [`\`${name}\``, placeholders[name].map((each) => `\`{{${each}}}\``).join(" ")]);
  expect(sectionOf(readDocument("docs/guides/mail.md"), "templates")).toBe(table(["file", "may tell"], rows));
});
