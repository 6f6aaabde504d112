import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});

afterAll(() => gateway.close());

const register = (email: string) => gateway.send(RegisterDocument, { input: { email, password: PASSWORD } });

async function countUsers(): Promise<number> {
  const [row] = await gateway.database.sql`select count(*)::int as n from users`;
  return row?.n;
}

describe("is refused with a reason, and never repeated", () => {
  const notAnAddress = /^Is not an e-mail address/;
  const lookAlike = /^(Contains characters that only look|Is not an e-mail address)/;
  const elsewhere = /^Has a spelling that mail servers may take for another address/;
  const mixed = /^Mixes alphabets/;

  test.each<[name: string, email: string, problem?: RegExp]>([
    ["nothing", ""],
    ["only spaces", "   "],
    ["no at sign", "marker"],
    ["no local part", "@marker.com"],
    ["no domain", "marker@"],
    ["two at signs", "marker@@example.com"],
    ["two domains", "marker@example.com@example.org"],
    ["a domain without a dot", "marker@localhost"],
    ["a domain that begins with a dot", "marker@.com"],
    ["a domain with two dots", "marker@example..com"],
    ["a domain that ends with a dot", "marker@example.com."],
    ["a label that begins with a hyphen", "marker@-example.com"],
    ["a label that ends with a hyphen", "marker@example-.com"],
    ["a label of 64 letters", `marker@${"b".repeat(64)}.com`],
    ["an underscore in the domain", "marker@exa_mple.com"],
    ["a numeric top-level domain", "marker@example.123"],
    ["a top-level domain of one letter", "marker@example.c"],
    ["an IP address", "marker@127.0.0.1"],
    ["an IP literal", "marker@[127.0.0.1]"],
    ["an IPv6 literal", "marker@[IPv6:::1]"],
    ["punycode of nothing", "marker@xn--.com"],
    ["punycode that cannot be decoded", "marker@xn--a.com"],
    ["two dots", "marker..b@example.com"],
    ["a dot first", ".marker@example.com"],
    ["a dot last", "marker.@example.com"],
    ["a local part of 65 letters", `${"a".repeat(65)}@example.com`],
    ["a space", "mar ker@example.com"],
    ["a space in the domain", "marker@exam ple.com"],
    ["a list", "marker@example.com,eve@example.com"],
    ["a list with semicolons", "marker@example.com;eve@example.com"],
    ["a display name", "Ada <marker@example.com>"],
    ["angle brackets", "<marker@example.com>"],
    ["a comment", "marker(comment)@example.com"],
    ["an encoded word", "=?utf-8?q?marker=40evil.example?=@example.com", elsewhere],
    ["an encoded word in base64", "=?UTF-8?B?bWFya2VyQGV2aWwuZXhhbXBsZQ==?=@example.com", elsewhere],
    ["an encoded word with a language", "=?utf-8*en?q?marker=40evil.example?=@example.com", elsewhere],
    ["an encoded word within", "marker=?utf-8?q?=40evil.example?=x@example.com", elsewhere],
    ["an encoded word that does not end", "=?utf-8?q?marker=40evil.example@example.com", elsewhere],
    ["a percent route", "marker%evil.example@example.com", elsewhere],
    ["a bang path", "evil.example!marker@example.com", elsewhere],
    ["a source route", "@evil.example:marker@example.com"],
    ["what Exchange unwraps", "IMCEASMTP-marker+40evil+2Eexample@example.com", elsewhere],
    ["a group", "friends:marker@example.com;"],
    ["a URL", "mailto:marker@example.com"],
    ["a path", "marker@example.com/path"],
    ["a port", "marker@example.com:25"],
    ["a backslash", "marker\\@example.com"],
    ["a quoted space", '"mar ker"@example.com'],
    ["a line break", "mar\nker@example.com"],
    ["another header", "marker@example.com\r\nBcc: eve@example.com"],
    ["a tab", "mar\tker@example.com"],
    ["NUL", "mar\0ker@example.com"],
    ["a control character", "mar\u0001ker@example.com"],
    ["a C1 control character", "mar\u0085ker@example.com"],
    ["a line separator", "mar\u2028ker@example.com"],
    ["a paragraph separator", "mar\u2029ker@example.com"],
    ["an Ogham space", "mar\u1680ker@example.com"],
    ["a no-break space", "mar\u00a0ker@example.com"],
    ["emoji", "🙂@example.com"],
    ["a replacement character", "mar\ufffdker@example.com"],
    ["a private-use character", "mar\ue000ker@example.com"],
    ["a character that is none", "mar\uffffker@example.com"],
    ["a fraction slash in the domain", "marker@example.com\u2044.evil.com"],
    ["an ideographic full stop", "marker@example。com"],
    ["a combining mark first in a label", "marker@\u0301example.com"],
  ])("%s", async (_name, email, problem = lookAlike) => expectRefused(email, problem));

  test.each<[name: string, email: string, problem?: RegExp]>([
    ["fullwidth letters", "ｍａｒｋｅｒ@example.com"],
    ["a fullwidth at sign", "marker＠example.com", notAnAddress],
    ["a fullwidth letter in the domain", "marker@ｅxample.com"],
    ["a ligature", "\ufb01marker@example.com"],
    ["a long s", "mar\u017fker@example.com"],
    ["a superscript", "marker\u00b2@example.com"],
    ["an ordinal", "marker\u00aa@example.com"],
    ["a circled letter", "ⓜarker@example.com"],
    ["a mathematical letter", "𝐦arker@example.com"],
    ["a Roman numeral", "marker\u2163@example.com"],
    ["halfwidth kana", "ﾏｰｶｰ@example.jp"],
    ["a zero-width space", "mar\u200bker@example.com"],
    ["a zero-width joiner", "mar\u200dker@example.com"],
    ["a word joiner", "mar\u2060ker@example.com"],
    ["a soft hyphen", "mar\u00adker@example.com"],
    ["a soft hyphen in the domain", "marker@exam\u00adple.com"],
    ["a combining grapheme joiner", "mar\u034fker@example.com"],
    ["a variation selector", "marker\ufe0f@example.com"],
    ["a Hangul filler", "marker\u3164@example.com"],
    ["a tag character", "marker\u{e0041}@example.com"],
    ["a right-to-left override", "\u202emarker@example.com"],
    ["a left-to-right mark", "mar\u200eker@example.com"],
    ["an isolate", "\u2066marker\u2069@example.com"],
  ])("looks like another: %s", async (_name, email, problem = lookAlike) => expectRefused(email, problem));

  test.each([
    ["a Cyrillic а", "m\u0430rker@example.com"],
    ["a Cyrillic а in the domain", "marker@ex\u0430mple.com"],
    ["a Cyrillic top-level domain with a Latin letter", "marker@example.\u0441om"],
    ["a Greek ο", "mark\u03bfr@example.com"],
    ["a Latin a in Cyrillic", "ив\u0061н@пример.рф"],
    ["an Armenian օ", "mark\u0585r@example.com"],
    ["a Cherokee Ꭺ", "\u13aaker@example.com"],
    ["the domain in ASCII that shows a Cyrillic а", "marker@xn--pypal-4ve.com"],
  ])("mixes alphabets: %s", async (_name, email) => expectRefused(email, mixed));

  test.each([
    ["Cyrillic", "аррӏе@example.com"],
    ["Cyrillic with a digit", "раура1@example.com"],
    ["Cyrillic in capitals", "МОТОЕО@example.com"],
    ["Greek", "αρρια@example.com"],
    ["a dotless ı", "admın@example.com"],
    ["a dotless ı in a word of Turkish", "kır@example.com"],
    ["a script ɡ", "ɡoogle@example.com"],
    ["a script ɡ in the domain", "marker@ɡoogle.com"],
    ["Cyrillic in the domain", "marker@аррӏе.com"],
    ["Cyrillic in the domain, in ASCII", "marker@xn--80ak6aa92e.com"],
    ["Cyrillic in the domain, after another name", "иван@почта.аррӏе.com"],
  ])("a new address reads as a Latin one: %s", async (_name, email) => {
    const before = await countUsers();
    const reply = await register(email);
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    expect(reply.errors[0]?.extensions.fields).toEqual({ email: [expect.stringMatching(/^Contains characters that only look/)] });
    expect(await countUsers()).toBe(before);
  });

  test("is longer than 254 bytes", async () => {
    const labels = `${"b".repeat(50)}.`.repeat(4);
    expect(`mark@${labels}${"c".repeat(41)}.com`).toHaveLength(254);
    await expectRefused(`marker@${labels}${"c".repeat(41)}.com`, /^Is longer than 254 bytes/);
    await expectRefused(`${"ж".repeat(30)}@${"ж".repeat(60)}.${"ж".repeat(60)}.рф`, /^Is longer than 254 bytes/);
  });

  async function expectRefused(email: string, problem: RegExp): Promise<void> {
    const before = await countUsers();
    for (const reply of [await register(email), await gateway.send(LoginDocument, { input: { email, password: PASSWORD } })]) {
      expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
      expect(reply.errors[0]?.extensions.fields).toEqual({ email: [expect.stringMatching(problem)] });
      expect(reply.text).not.toMatch(/marker|eve/);
    }
    expect(await countUsers()).toBe(before);
  }
});
