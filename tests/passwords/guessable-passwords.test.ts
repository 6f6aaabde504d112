import { dictionary } from "@zxcvbn-ts/language-common";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCommonPasswords, newPasswordProblem } from "../../src/auth/passwords/password-policy.ts";
import { readEmailAddress } from "../../src/auth/users/email-addresses.ts";
import { RegisterDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { rounds } from "../support/rounds.ts";
import { newEmail } from "../support/sign-in.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { SERVICE_NAME: "Acme Accounts" } });
});
afterAll(() => gateway.close());

const register = (password: string, email = newEmail()) => gateway.send(RegisterDocument, { input: { email, password } });

describe("what attackers try first is refused, with the reason, however long it is", () => {
  const reason = /^Is (made of what attackers try first|on the list of common passwords)/;

  test.each([
    ...["123456789012345", "98765432109876", "13579135791357", "112233445566778899", "01012009", "19991231"],
    ...["abcdefghijkl", "zyxwvutsrqpo", "aceg12345678", "абвгдежзийкл"],
    ...[
      "qwertyuiopasdfgh",
      "1qaz2wsx3edc",
      "1qaz2wsx3edc4rfv5tgb6yhn",
      "!QAZ@WSX#EDC",
      "zaq12wsxcde34rfv",
      "poiuytrewqlkjh",
      "1q2w3e4r5t6y",
    ],
    ...["qwertzuiopasdf", "azertyuiopqsdf", "йцукенгшщзхъ", "aoeuidhtns", "147258369147"],
    ...["aaaaaaaaaaaa", "abcabcabcabc", "aaaabbbbcccc", "x7!x7!x7!x7!", "hunter7hunter7hun"],
    ...["password2024!", "P@ssw0rd123456", "monkeydragon", "iloveyou1234567"],
    ...["acme2024!", "AcmeAccounts1!", "accounts12345", "4cm3Acc0unts"],
    ...["correcthorsebatterystaple", "Correct-Horse-Battery-Staple1", "admin123admin", "PasswordAdmin2024"],
  ])("%s", async (password) => {
    const reply = await register(password);
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    expect(reply.errors[0]?.extensions.fields).toEqual({ password: [expect.stringMatching(reason)] });
  });

  test.each([
    ["in fullwidth letters", "ｐａｓｓｗｏｒｄ１"],
    ["in circled letters", "ⓟⓐⓢⓢⓦⓞⓡⓓ"],
    ["in mathematical letters", "𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝𝟏"],
    ["with an umlaut", "pässword"],
    ["with a stroke", "passwørd"],
    ["with a Cyrillic а", "p\u0430ssword"],
    ["with a Greek ο", "passw\u03bfrd"],
    ["with invisible characters", "qwerty\u200b\u200b\u200b12"],
    ["with a soft hyphen and capitals", "Pass\u00adWord1"],
    ["of invisible characters alone", "\u200b\u200c\u200d\u2060\ufe00\ufe01\u00ad\u034f"],
    ["the service's name with accents", "ácmé-2024"],
    ["Russian", "пароль123"],
    ["Spanish", "contraseña1"],
    ["Spanish without its tilde", "Contrasena1"],
    ["German", "Willkommen2024"],
    ["French", "MotDePasse!1"],
  ])("whatever its spelling: %s", async (_spelling, password) => {
    const reply = await register(password);
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    expect(reply.errors[0]?.extensions.fields).toEqual({ password: [expect.stringMatching(reason)] });
  });

  test.each(["ádalovelace", "lovelåce2024", "lovelace2024", "ada.lovelace99", "AdaLovelace!", "!lovelace123456"])(
    "made of the own address: %s",
    async (password) => {
      expect(codesOf(await register(password, "ada.lovelace@example.com"))).toEqual(["BAD_USER_INPUT"]);
    },
  );
});

test("each of the 3,000 most common passwords of at least 8 characters is refused", () => {
  const common = loadCommonPasswords();
  const most = dictionary["passwords-common"].filter((password) => [...password].length >= 8).slice(0, 3000);
  expect(most).toHaveLength(3000);
  expect(most.filter((password) => newPasswordProblem(password, undefined, common) === undefined)).toEqual([]);
});

describe("what nobody guesses is taken", () => {
  const common = loadCommonPasswords(["Acme Accounts", "auth.acme.example"]);
  const { email } = readEmailAddress("ada.lovelace@example.com");

  test("any four words by dice, however they are joined", () => {
    const word = fc.constantFrom(...dictionary["diceware-common"]);
    const phrase = fc.tuple(fc.uniqueArray(word, { minLength: 4, maxLength: 8 }), fc.constantFrom("", " ", "-", "."));
    fc.assert(
      fc.property(phrase, ([words, between]) => newPasswordProblem(words.join(between), email, common) === undefined),
      { numRuns: rounds(500) },
    );
  });

  test("any twelve random characters", () => {
    // Of a generator that is not biased towards small values, as fast-check's own strings are.
    const seeds = fc.noBias(fc.array(fc.integer({ min: 33, max: 126 }), { minLength: 12, maxLength: 40 }));
    fc.assert(
      fc.property(seeds, (codes) => newPasswordProblem(String.fromCharCode(...codes), email, common) === undefined),
      { numRuns: rounds(500) },
    );
  });

  test("none of the words that cost least is one of Diceware", () => {
    const { first } = loadCommonPasswords();
    expect(dictionary["diceware-common"].filter((word) => first.includes(word))).toEqual([]);
  });

  test.each([
    ["German", "vier Füße für Übermütige"],
    ["French", "un été très frais à Nîmes"],
    ["Spanish", "mañana comeré piñas"],
    ["Turkish", "ışıklı bir yağmur"],
    ["Polish", "żółty słoń na łące"],
    ["Vietnamese", "đường về biển xa"],
    ["Russian", "долгая прогулка у моря"],
    ["Greek", "μεγάλη βόλτα στη θάλασσα"],
    ["Hebrew", "הליכה ארוכה ליד הים"],
    ["Arabic", "نزهة طويلة بجانب البحر"],
    ["Hindi", "समुद्र किनारे सैर"],
    ["Thai", "เดินเล่นริมทะเล"],
    ["Korean", "바닷가를 따라 산책"],
    ["Japanese", "海辺をゆっくり歩く"],
    ["Chinese", "海边散步很久很美"],
  ])("a phrase of a language: %s", (_language, phrase) => expect(newPasswordProblem(phrase, email, common)).toBeUndefined());

  test.each(["a long walk by the sea", "ladderviolintractorgarnet", "k7#mQ2x!", "Zoë at the café", "🙂🐙🌊🚲🧭🎻🥝🐬", "bicycle7pumpkin"])(
    "%s",
    async (password) => expect(codesOf(await register(password))).toEqual([]),
  );
});
