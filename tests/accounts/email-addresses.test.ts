import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { moveAddress } from "../support/users/addresses.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const register = (email: string) => gateway.send(RegisterDocument, { input: { email, password: PASSWORD } });

describe("an address is accepted and kept as it was typed", () => {
  test.each([
    "ada@example.com",
    "a@b.co",
    "ada+news@example.com",
    "ada+a+b@example.com",
    "ada.lovelace@mail.eu.example.co.uk",
    "Ada.Lovelace@Example.COM",
    "o'brien@example.com",
    "first_last-1@example.com",
    "1234567890@example.com",
    "a#$&'*+/=?^_`{|}~-b@example.com",
    "ada@example.technology",
    "ada@1.example.com",
    "ada@123.com",
    "ada@exa-mple.com",
    "ada@xn--mnchen-3ya.de",
    `${"a".repeat(64)}@example.com`,
    `ada@${`${"b".repeat(49)}.`.repeat(4)}example.com`,
    "ada@münchen.example",
    "jörg@example.de",
    "straße@example.de",
    "łukasz@example.pl",
    "ümit@örnek.com.tr",
    "đặng@example.vn",
    "œuvre@example.fr",
    "иван@пример.рф",
    "иван@example.com",
    "кто-то@почта.рф",
    "δοκιμή@παράδειγμα.ελ",
    "用户@例子.广告",
    "用户@example.com",
    "用户123@例子.广告",
    "田中@例え.jp",
    "日本語テスト@example.jp",
    "tanaka田中@example.jp",
    "김Kim@example.kr",
    "अजय@उदाहरण.भारत",
    "עברית@example.com",
    "مثال@example.com",
    "ა@example.ge",
    "егор@example.com",
    "олег.петров@example.com",
    "сара@почта.рф",
    "сара@компания.орг",
    "почта@роса.рус",
    "ελένη@example.gr",
    "αννα@παράδειγμα.ελ",
    "ışık@example.com.tr",
    "yıldız@örnek.com.tr",
    "æsa@example.is",
    "ørsted@example.dk",
    "anne@kørsel.example",
    "ɔkɛ@example.gh",
    "աննա@example.am",
  ])("%s", async (email) => {
    const { user } = dataOf(await register(email)).register;
    expect(user.email).toBe(email);
    expect((await gateway.login(email)).user.id).toBe(user.id);
    expect(codesOf(await register(email))).toEqual(["EMAIL_TAKEN"]);
  });
});

describe("two spellings are one address", () => {
  test.each([
    ["capitals", "one@example.com", "ONE@EXAMPLE.COM"],
    ["capitals beyond ASCII", "jörg.one@example.com", "JÖRG.ONE@example.com"],
    ["a capital sigma at the end", "νίκος@example.gr", "ΝΊΚΟΣ@example.gr"],
    ["a composed letter", "jos\u00e9@example.com", "jose\u0301@example.com"],
    ["marks in another order", "e\u0323\u0301@example.com", "e\u0301\u0323@example.com"],
    ["the Kelvin sign", "kate@example.com", "\u212aate@example.com"],
    ["the Ångström sign", "\u00e5sa@example.com", "\u212bsa@example.com"],
    ["spaces around it", "two@example.com", " \t two@example.com \n"],
    ["a no-break space around it", "three@example.com", "\u00a0three@example.com\u3000"],
    ["a byte order mark", "four@example.com", "\ufefffour@example.com"],
    ["the domain in ASCII", "five@münchen.de", "five@xn--mnchen-3ya.de"],
    ["the domain in ASCII capitals", "six@пример.рф", "six@XN--E1AFMKFD.XN--P1AI"],
  ])("%s", async (_name, first, second) => {
    const { user } = dataOf(await register(first)).register;
    expect(codesOf(await register(second))).toEqual(["EMAIL_TAKEN"]);
    expect((await gateway.login(second)).user.id).toBe(user.id);
  });

  test.each([
    ["a plus sign and what follows", "eve@example.org", "eve+tag@example.org"],
    ["dots", "f.g@example.org", "fg@example.org"],
    ["accents", "hélène@example.org", "helene@example.org"],
    ["sharp s and ss", "groß@example.org", "gross@example.org"],
    ["a dotless i, where another letter shows it to be Turkish", "kırış@example.org", "kiris@example.org"],
  ])("but not %s", async (_name, first, second) => {
    const ids = [dataOf(await register(first)).register.user.id, dataOf(await register(second)).register.user.id];
    expect(new Set(ids).size).toBe(2);
  });
});

test("whoever has an address that reads as a Latin one already goes on signing in", async () => {
  const { user } = dataOf(await register("apple@example.com")).register;
  await moveAddress(gateway.database.sql, user.id, "аррӏе@example.com");
  expect((await gateway.login("аррӏе@example.com")).user.id).toBe(user.id);
  expect(codesOf(await gateway.send(LoginDocument, { input: { email: "apple@example.com", password: PASSWORD } }))).toEqual([
    "INVALID_CREDENTIALS",
  ]);
});
