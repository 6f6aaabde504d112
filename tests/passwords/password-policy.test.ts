import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail } from "../support/sign-in.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const register = (password: string, email = newEmail()) => gateway.send(RegisterDocument, { input: { email, password } });
const login = (email: string, password: string) => gateway.send(LoginDocument, { input: { email, password } });

/** 1,024 bytes that repeat nothing. */
const manyBytes = Array.from({ length: 256 }, (_, index) => String((index * 7919) % 10_000).padStart(4, "0")).join("");
const manyEmoji = Array.from({ length: 256 }, (_, index) => String.fromCodePoint(0x1f300 + ((index * 37) % 256))).join("");

/** A problem is for the person who typed: it says what to do. */
const advice = /\b(use|choose|type|remove)\b/;

async function expectRefused(password: string, problem: RegExp, email = newEmail()): Promise<void> {
  const reply = await register(password, email);
  expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
  expect(reply.errors[0]?.extensions.fields).toEqual({ password: [expect.stringMatching(problem)] });
  expect(reply.errors[0]?.extensions.fields).toEqual({ password: [expect.stringMatching(advice)] });
  // The name of the field is not an echo.
  if (password.length > 3 && password !== "password") expect(reply.text).not.toContain(JSON.stringify(password).slice(1, -1));
  const left = await gateway.database.sql`select 1 from users where email_key = ${email}`;
  expect(left).toEqual([]);
}

describe("a password is accepted, and signs in exactly as it was typed", () => {
  test.each([
    ["8 letters", "vqzjxwkp"],
    ["8 digits that are nobody's", "59264813"],
    ["8 emoji", "🙂🐙🌊🚲🧭🎻🥝🗿"],
    ["a family of emoji, joined", "👩‍👩‍👧‍👦 by the sea"],
    ["4 letters and 4 marks that compose to nothing shorter", "q\u0301x\u0301v\u0301j\u0301"],
    ["a letter and seven marks", "a\u0316\u0317\u0318\u0319\u031c\u031d\u031e"],
    ["8 Chinese characters", "海边散步很久很美"],
    ["fullwidth letters", "ｑｘｖｚｊｋｗｐ"],
    ["spaces inside", "a long walk by the sea"],
    ["spaces around", "  by the sea  "],
    ["tabs and line breaks", "by\tthe\nsea\r\n"],
    ["a no-break space", "by\u00a0the\u00a0sea"],
    ["quotes, backslashes and SQL", `'; drop table users; --"\\`],
    ["right-to-left text", "הליכה ארוכה ליד הים"],
    ["a passphrase of 150 words", Array.from({ length: 150 }, (_, word) => `sea${word}`).join(" ")],
    ["1,024 bytes", manyBytes],
    ["1,024 bytes of emoji", manyEmoji],
    ["bcrypt's limit and more", `${"x1".repeat(36)}tail`],
  ])("%s", async (_name, password) => {
    const email = newEmail();
    const { user } = dataOf(await register(password, email)).register;
    expect(dataOf(await login(email, password)).login.user.id).toBe(user.id);
    const shorter = [...password.normalize("NFC")].slice(0, -1).join("");
    expect(codesOf(await login(email, shorter))).toEqual(["INVALID_CREDENTIALS"]);
  });
});

describe("a password is one, however Unicode composes it", () => {
  test.each([
    ["composed, then decomposed", "Zo\u00eb at the caf\u00e9", "Zoe\u0308 at the cafe\u0301"],
    ["decomposed, then composed", "Zoe\u0308 at the cafe\u0301", "Zo\u00eb at the caf\u00e9"],
    ["marks in another order", "se\u0323\u0301a by the sea", "se\u0301\u0323a by the sea"],
    ["Hangul", "바닷가를 따라 산책".normalize("NFC"), "바닷가를 따라 산책".normalize("NFD")],
    ["the Ångström sign", "\u212bngstr\u00f6ms sea", "\u00c5ngstr\u00f6ms sea"],
  ])("%s", async (_name, first, second) => {
    expect(first).not.toBe(second);
    const email = newEmail();
    dataOf(await register(first, email));
    expect(codesOf(await login(email, second))).toEqual([]);
  });

  test.each([
    ["compatibility forms stay apart", "ｑxvzjkwp by sea", "qxvzjkwp by sea"],
    ["accents count", "caf\u00e9 by the sea", "cafe by the sea"],
    ["case counts", "Cafe by the sea", "cafe by the sea"],
    ["invisible characters count", "cafe\u200b by the sea", "cafe by the sea"],
  ])("but %s", async (_name, first, second) => {
    const email = newEmail();
    dataOf(await register(first, email));
    expect(codesOf(await login(email, second))).toEqual(["INVALID_CREDENTIALS"]);
  });
});

describe("a password is refused with what to do", () => {
  const tooShort = /^Is too short: use at least 8 characters/;
  const tooLong = /^Is longer than 1024 bytes/;
  const common = /^Is on the list of common passwords/;
  const pattern = /^Is made of what attackers try first/;
  const own = /^Is your e-mail address or a part of it/;

  test.each([
    ["one letter", "x", tooShort],
    ["7 letters", "vqzjxwk", tooShort],
    ["7 emoji, which are 14 UTF-16 units and 28 bytes", "🙂🐙🌊🚲🧭🎻🥝", tooShort],
    ["7 letters that were typed as 14 code points", "e\u0301".repeat(7), tooShort],
    ["4 Hangul syllables that were typed as 12 jamo", "\ubc14\ub2e4\uac15\uc0b0".normalize("NFD"), tooShort],
    ["nothing", "", /^Is empty/],
    ["1,025 bytes", `${manyBytes}z`, tooLong],
    ["1,025 bytes in 257 characters", `${manyEmoji}z`, tooLong],
    ["text that NFC makes longer than 1,024 bytes", "\u0958".repeat(341), tooLong],
    ["NUL", "by the\0sea", /^Contains a NUL/],
    ["NUL at the end", "by the sea\0", /^Contains a NUL/],
  ])("%s", async (_name, password, problem) => expectRefused(password, problem));

  test.each([
    ...["password", "Password", "PASSWORD", "pAsSwOrD", "password1", "Password123", "qwertyuiop", "QWERTYuiop", "1q2w3e4r", "iloveyou"],
    ...["12345678", "123456789", "1234567890", "11111111", "sunshine", "trustno1", "P@ssw0rd", "passwort", "administrator", "1qaz2wsx"],
  ])("well known, whatever the case: %s", async (password) => expectRefused(password, common));

  // The dictionary of zxcvbn leaves these out, because zxcvbn finds them by other means; every list of the top 3,000 has them.
  test.each([
    ...["00000000", "88888888", "99999999", "1111111111", "aaaaaaaa", "AAAAAAAA", "zzzzzzzz", "123123123", "12341234", "12121212"],
    ...["abcdefgh", "ABCDEFGHI", "987654321", "87654321", "0123456789", "        "],
  ])("a repetition or a run: %j", async (password) => expectRefused(password, pattern));

  test.each([
    ["the address", "ada.lovelace@example.com"],
    ["the address in capitals", "ADA.LOVELACE@EXAMPLE.COM"],
    ["the address inside something", "my ada.lovelace@example.com!"],
    ["the local part", "ada.lovelace"],
    ["the local part in capitals", "Ada.Lovelace"],
    ["the domain", "example.com"],
  ])("their own: %s", async (_name, password) => expectRefused(password, own, "ada.lovelace@example.com"));

  test("another's address is fine", async () => {
    expect(codesOf(await register("ada.lovelace@example.com"))).toEqual([]);
  });

  test("together with what is wrong with the address", async () => {
    const reply = await register("short", "not an address");
    expect(reply.errors[0]?.extensions).toEqual({
      code: "BAD_USER_INPUT",
      fields: { email: [expect.stringMatching(/^Is not an e-mail address/)], password: [expect.stringMatching(tooShort)] },
    });
  });
});

describe("at sign-in", () => {
  test.each(["x", "password", "ada.lovelace"])(
    "a password that could not be chosen today is verified like any other: %s",
    async (password) => {
      expect(codesOf(await login(newEmail(), password))).toEqual(["INVALID_CREDENTIALS"]);
    },
  );

  test.each([
    ["nothing", ""],
    ["1,025 bytes", `${manyBytes}z`],
    ["NUL", "by the\0sea"],
  ])("what could never be a password is refused without work: %s", async (_name, password) => {
    const [before] = await gateway.database.sql`select count(*)::int as n from audit_events`;
    const reply = await login(newEmail(), password);
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    expect(reply.errors[0]?.extensions.fields).toEqual({ password: [expect.stringMatching(advice)] });
    const [after] = await gateway.database.sql`select count(*)::int as n from audit_events`;
    expect(after).toEqual(before);
  });
});
