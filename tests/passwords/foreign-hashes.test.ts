import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadArgon2Engine, loadNodeRsEngine, type PasswordEngine } from "../../src/auth/passwords/password-engine.ts";
import { readPasswordHash } from "../../src/auth/passwords/read-password-hash.ts";
import { ChangePasswordDocument, LoginDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { fullHashing, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

const PASSWORD = "a long walk by the sea";

/** Hexadecimal as specifications print it, to base64 without padding. */
function base64(hexadecimal: string): string {
  return Buffer.from(hexadecimal, "hex").toString("base64").replace(/=+$/, "");
}

const rfc7914 = base64(
  "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
);
const rfc7914Pbkdf2 = base64("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
const rfc6070 = base64("4b007901b765489abead49d926f721d065a429c1");

const known: readonly (readonly [name: string, hash: string, password: string])[] = [
  ["bcrypt, crypt_blowfish", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"],
  ["bcrypt, crypt_blowfish, another salt", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"],
  [
    "bcrypt, crypt_blowfish, more than 72 bytes",
    "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
  ],
  ["bcrypt 2a, pyca", "$2a$06$DVjQ4YySiG.EoOxvNZ9laeGjCObkWZPDgQSdRqfo2aMZouZYmYPdK", PASSWORD],
  ["bcrypt 2b, pyca", "$2b$06$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2", PASSWORD],
  ["bcrypt 2y, as PHP names it", "$2y$06$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2", PASSWORD],
  ["bcrypt, 72 bytes that end within a character's middle", "$2b$05$ODkxwfEf38nCnFgoyrc4LeNUQRBjAMYMIhoNRp1K/FI4vMLPbSqQq", "é".repeat(40)],
  ["scrypt, RFC 7914 section 12", `$scrypt$ln=10,r=8,p=16$TmFDbA$${rfc7914}`, "password"],
  ["scrypt, passlib's manual", "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", "password"],
  ["scrypt, passlib", "$scrypt$ln=14,r=8,p=1$hBDC2JvTGuM8R0hJybmXkg$RIPUTo7YD2CaWqePiK2sx0R+8AzpZPfnrwjK7yXrtEU", PASSWORD],
  ["pbkdf2-sha1, RFC 6070", `$pbkdf2-sha1$4096$c2FsdA$${rfc6070}`, "password"],
  ["pbkdf2-sha256, RFC 7914 section 11", `$pbkdf2-sha256$i=1,l=32$c2FsdA$${rfc7914Pbkdf2}`, "passwd"],
  ["pbkdf2-sha256, passlib", "$pbkdf2-sha256$29000$KYUQAoCwlhIi5DwnpLRWCg$i4nRLNnsM27wuX03DVn4Xuw8k8xQ0GPV4l/Y9f6oSF4", PASSWORD],
  [
    "pbkdf2-sha512, passlib",
    "$pbkdf2-sha512$25000$PUfoPQcAYKxVSomR8p6z1g$8gZfTJYbPUlxxywOc5T/xUAG5rueRY0aNJAOWfV8jYWt2mj1U/LGVRnjC1CY8t5EQmmK5P2Qh8xdda.FjFwm9g",
    PASSWORD,
  ],
  ["pbkdf2, passlib's name for sha1", "$pbkdf2$131000$d27NeY9RCkFobY3RmvN.bw$TgDEcW70ZRfZ.KbSUKh/0I/wYBQ", PASSWORD],
  ["pbkdf2_sha256, Django", "pbkdf2_sha256$29000$Yk3mPq81sZtL$EvHLZ55xdapMlhWQVGbUyBDf+5topkEAR0tQaHex6wY=", PASSWORD],
  ["pbkdf2_sha1, Django", "pbkdf2_sha1$29000$pIloTs9J7NGc$p2xT7LWdjGO1U3uQKa0KO5wUg/o=", PASSWORD],
  ["argon2i, the reference's", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", "password"],
  ["argon2i version 16, the reference's", "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ", "password"],
  [
    "argon2id with two lanes, the reference's",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "password",
  ],
  ["argon2i, argon2-cffi", "$argon2i$v=19$m=1024,t=3,p=2$9f6/F8JYSykFIOR8rxXCuA$HS48JD+KNJPFq8iFml623XtoLJwkavEvLfELoEIUFpc", PASSWORD],
  ["argon2d, argon2-cffi", "$argon2d$v=19$m=1024,t=3,p=2$SGkthTAGYCyFMAZgzPk/Rw$GDzbiFu/hJVWQ5WnrO0AzhhAfx5ttVsHQkcaF2updi0", PASSWORD],
  ["argon2id, argon2-cffi", "$argon2id$v=19$m=1024,t=3,p=2$jZESghBCyFmrNab0HqN0Tg$f4UoLIr2HhekwkfzH74H29E8BDh44lIzXT5DPY9iWok", PASSWORD],
];

describe.each<[string, () => Promise<PasswordEngine>]>([
  ["@node-rs/argon2", loadNodeRsEngine],
  ["argon2", loadArgon2Engine],
])("with the engine of %s", (_name, load) => {
  test.each(known)("the right password fits, and a wrong one does not: %s", async (_scheme, text, password) => {
    const engine = await load();
    const hash = readPasswordHash(text);
    expect(await hash?.verify(password, engine)).toBe(true);
    expect(await hash?.verify(`x${password}`, engine)).toBe(false);
    expect(await hash?.verify(password.toUpperCase(), engine)).toBe(password.toUpperCase() === password);
    expect(await hash?.verify(password.slice(0, -30), engine)).toBe(false);
  });
});

const [salt, tag] = ["c29tZXNhbHQ", "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"];

test.each([
  ["", "a hash", "$", "$$$$$", "$argon2id$damaged-hash", "plaintext", "5f4dcc3b5aa765d61d8327deb882cf99", "$1$salt$hash", "$6$salt$hash"],
  [
    `$argon2id$v=18$m=256,t=2,p=1$${salt}$${tag}`,
    `$argon2x$v=19$m=256,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=19$t=2,m=256,p=1$${salt}$${tag}`,
  ],
  [`$argon2id$v=19$m=256,t=2,p=1$$${tag}`, `$argon2id$v=19$m=256,t=2,p=1$${salt}$`, `$argon2id$v=19$m=256,t=2,p=1$${salt}`],
  [
    `$argon2id$v=19$m=256,t=2,p=1$${salt}$${tag}$`,
    `$argon2id$v=19$m=256,t=2,p=1$${salt}$${tag}=`,
    `$argon2id$v=19$m=256,t=2,p=1$s!lt!lt!lt$${tag}`,
  ],
  [
    `$argon2id$v=19$m=256,t=0,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=256,t=1,p=0$${salt}$${tag}`,
    `$argon2id$v=19$m=8,t=1,p=2$${salt}$${tag}`,
  ],
  [
    `$argon2id$v=19$m=256,t=2,p=1$${salt}$${tag.slice(0, -1)}d`,
    `$argon2id$v=19$m=256,t=2,p=1$${salt}$${tag}\n`,
    `$argon2id$v=19$m=1e3,t=2,p=1$${salt}$${tag}`,
  ],
  ["$2b$06$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM", "$2b$03$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2"],
  ["$2x$06$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2", "$2$06$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2"],
  [
    `$scrypt$ln=0,r=8,p=1$${salt}$${tag}`,
    `$scrypt$ln=14,r=0,p=1$${salt}$${tag}`,
    `$scrypt$ln=14,r=8,p=0$${salt}$${tag}`,
    `$scrypt$ln=14,r=8,p=1$${salt}$AAAA`,
  ],
  [
    `$pbkdf2-md5$1000$${salt}$${tag}`,
    `$pbkdf2-sha256$0$${salt}$${tag}`,
    `$pbkdf2-sha256$i=1000,l=64$${salt}$${tag}`,
    `$pbkdf2-sha256$1000$${salt}$AAAA`,
  ],
  [`pbkdf2_sha256$1000$$${tag}=`, `pbkdf2_sha256$1000$salt$AAAA`, `pbkdf2_sha256$-1$salt$${tag}=`, `pbkdf2_md5$1000$salt$${tag}=`],
])("what is malformed is no hash: %s …", (...texts) => {
  for (const text of texts) expect(readPasswordHash(text)).toBeUndefined();
});

test.each([
  ["argon2 with more than 1 GiB", `$argon2id$v=19$m=1048577,t=1,p=1$${salt}$${tag}`],
  ["argon2 with thousands of passes", `$argon2id$v=19$m=65536,t=4294,p=1$${salt}$${tag}`],
  ["argon2 with absurdly many lanes", `$argon2id$v=19$m=65536,t=1,p=255$${salt}$${tag}`],
  ["bcrypt of cost 17", "$2b$17$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2"],
  ["bcrypt of cost 31", "$2b$31$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2"],
  ["scrypt with more than 128 MiB", `$scrypt$ln=18,r=8,p=1$${salt}$${tag}`],
  ["scrypt with huge blocks", `$scrypt$ln=14,r=99,p=1$${salt}$${tag}`],
  ["scrypt with 99 lanes", `$scrypt$ln=14,r=8,p=99$${salt}$${tag}`],
  ["pbkdf2 with more than 5,000,000 iterations", `$pbkdf2-sha256$5000001$${salt}$${tag}`],
  ["pbkdf2 with several blocks of output", `$pbkdf2-sha1$2000000$${salt}$${base64("00".repeat(64))}`],
  ["Django's pbkdf2 with more than 5,000,000 iterations", `pbkdf2_sha256$5000001$salt$${tag}=`],
])("what would cost absurdly much is no hash: %s", (_name, text) => {
  expect(readPasswordHash(text)).toBeUndefined();
});

test.each([
  ["OWASP's scrypt", `$scrypt$ln=17,r=8,p=1$${salt}$${tag}`],
  ["OWASP's pbkdf2", `$pbkdf2-sha1$1400000$${salt}$${base64("00".repeat(20))}`],
  ["libsodium's sensitive argon2id", `$argon2id$v=19$m=1048576,t=4,p=1$${salt}$${tag}`],
])("what is used in the world is read: %s", (_name, text) => {
  expect(readPasswordHash(text)).toBeDefined();
});

describe("an account that comes from another system", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ env: fullHashing });
  });
  afterAll(() => gateway.close());

  const login = (email: string, password: string) => gateway.send(LoginDocument, { input: { email, password } });
  async function bring(passwordHash: string) {
    const { user, accessToken } = await gateway.register();
    await gateway.database.sql`update users set password_hash = ${passwordHash} where id = ${user.id}`;
    return { id: user.id, email: user.email, accessToken };
  }
  async function hashOf(id: string): Promise<string> {
    const [row] = await gateway.database.sql`select password_hash from users where id = ${id}`;
    return row?.password_hash;
  }
  const isOurs = async (id: string) => (await hashOf(id)).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");

  const withOurPassword = known.filter(([, , password]) => password === PASSWORD);
  test.each(withOurPassword)("signs in with its password, and has a hash of ours from then on: %s", async (_name, foreign, password) => {
    const { id, email } = await bring(foreign);
    expect(codesOf(await login(email, "a short walk by the sea"))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await hashOf(id)).toBe(foreign);
    expect(dataOf(await login(email, password)).login.user.id).toBe(id);
    await until(() => isOurs(id), 5000);
    expect(codesOf(await login(email, "a short walk by the sea"))).toEqual(["INVALID_CREDENTIALS"]);
    expect(codesOf(await login(email, password))).toEqual([]);
  });

  test("with bcrypt signs in with what the other system took for the password, and then with exactly that", async () => {
    const { id, email } = await bring("$2b$05$GkpPmhlXT3J9vLrqXfDJ8.ACbMWtVCQTRnrqZmbenZUofla8Ymad6");
    expect(codesOf(await login(email, "x".repeat(71)))).toEqual(["INVALID_CREDENTIALS"]);
    expect(codesOf(await login(email, `${"x".repeat(72)} and more`))).toEqual([]);
    await until(() => isOurs(id), 5000);
    expect(codesOf(await login(email, "x".repeat(72)))).toEqual(["INVALID_CREDENTIALS"]);
    expect(codesOf(await login(email, `${"x".repeat(72)} and more`))).toEqual([]);
  });

  const decomposed = "cafe\u0301 by the sea";
  test.each([
    ["as it was typed, decomposed", "$2b$05$cAAbBK/NmA3NprtrEkRlYuGJ/bLyHxe4BNw1Y.buWGHGPIokNxXvu", decomposed],
    ["composed", "$pbkdf2-sha256$1000$PYeQUorReg8BICTEuPc.xw$uECx4iR7mJWZxqbuM4W2TsHYcW3/VONKY52okO3MMl8", decomposed],
  ])("whose password was hashed %s signs in, and from then on however it is typed", async (_name, foreign, typed) => {
    const { id, email } = await bring(foreign);
    expect(codesOf(await login(email, typed))).toEqual([]);
    await until(() => isOurs(id), 5000);
    expect(codesOf(await login(email, typed.normalize("NFC")))).toEqual([]);
    expect(codesOf(await login(email, typed.normalize("NFD")))).toEqual([]);
  });

  test("can change its password before it ever signed in here", async () => {
    const { id, email, accessToken } = await bring("$2b$06$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2");
    const input = { currentPassword: PASSWORD, newPassword: "a short walk by the sea" };
    const wrong = { ...input, currentPassword: "not the password" };
    expect(codesOf(await gateway.send(ChangePasswordDocument, { input: wrong }, { token: accessToken }))).toEqual(["INVALID_CREDENTIALS"]);
    expect(codesOf(await gateway.send(ChangePasswordDocument, { input }, { token: accessToken }))).toEqual([]);
    expect(await isOurs(id)).toBe(true);
    expect(codesOf(await login(email, input.newPassword))).toEqual([]);
  });

  test.each(["$argon2id$damaged-hash", "", "$2b$31$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2"])(
    "with a hash that cannot be read is refused like any wrong password: %j",
    async (damaged) => {
      const { email } = await bring(damaged);
      expect(codesOf(await login(email, PASSWORD))).toEqual(["INVALID_CREDENTIALS"]);
    },
  );
});
