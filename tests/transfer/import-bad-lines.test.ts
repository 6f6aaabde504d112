import { describe, expect, test } from "vitest";
import { MAXIMUM_LINE_BYTES, readLines } from "../../src/auth/transfer/read-lines.ts";
import { readUserLine } from "../../src/auth/transfer/user-line.ts";
import { BCRYPT_HASH } from "../support/users/user-files.ts";

const now = new Date("2026-05-17T09:30:00Z");
const rules = { roles: new Set(["user", "admin", "support"]), admins: "refused", now } as const;
const email = "ada@example.com";

/** `field: reason` for each problem. */
function problemsOf(line: object | string): string[] {
  const text = typeof line === "string" ? line : JSON.stringify(line);
  const { problems = [] } = readUserLine(text, rules);
  return problems.map(({ field, reason }) => `${field}: ${reason}`);
}

const notAnAddress = "email: Is not an e-mail address such as ada@example.com.";
const notAHash = expect.stringMatching(/^passwordHash: Is no hash that can be verified: see docs\/concepts\/passwords.md/);
const notATime = (field: string) => `${field}: Must be a time such as 2024-05-17T09:30:00Z (RFC 3339).`;
const noRole = "roles: Must be among user, admin, support: gateway.yaml can have more.";
const unknownKey = (field: string | null) => expect.stringMatching(new RegExp(`^${field}: Is not a known key; known are id, email, `));

describe("a line is bad, and why is told by field", () => {
  test.each<[string, object | string, unknown[]]>([
    ["no JSON", "{", ["null: Is not a JSON object."]],
    ["a list", "[]", ["null: Is not a JSON object."]],
    ["null", "null", ["null: Is not a JSON object."]],
    ["two objects", `{"email":"${email}"}{"email":"${email}"}`, ["null: Is not a JSON object."]],
    ["a tab in a text", `{"email":"a\tda@example.com"}`, ["null: Is not a JSON object."]],
    ["lists nested without end", `${"[".repeat(30_000)}${"]".repeat(30_000)}`, ["null: Is not a JSON object."]],
    [
      "objects nested without end, in a role",
      `{"email":"${email}","roles":${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`,
      ["roles: Must be a list of names."],
    ],
    ["no e-mail", {}, ["email: Is missing."]],
    ["null for the e-mail", { email: null }, ["email: Is missing."]],
    ["a number for the e-mail", { email: 7 }, ["email: Must be a text."]],
    ["no address", { email: "ada" }, [notAnAddress]],
    ["an address with U+0000", { email: "ada\0@example.com" }, [notAnAddress]],
    [
      "an address with half a surrogate pair",
      `{"email":"ada\\ud800@example.com"}`,
      ["email: Contains broken Unicode (an unpaired surrogate); type the address again."],
    ],
    [
      "an address that looks like another one",
      { email: "аda@example.com" },
      ["email: Mixes alphabets within one word; type it in one alphabet."],
    ],
    ["text for a flag", { email, emailVerified: "true" }, ["emailVerified: Must be true or false."]],
    [
      "a flag under both its names",
      { email, emailVerified: true, verified: true },
      ["verified: Is another name of emailVerified: give one of them."],
    ],
    ["text for roles", { email, roles: "user" }, ["roles: Must be a list of names."]],
    ["a role that is not configured", { email, roles: ["user", "owner"] }, [noRole]],
    ["a role in another spelling", { email, roles: ["User"] }, [noRole]],
    ["a role that is no text", { email, roles: [["user"]] }, [noRole]],
    ["a role of every object", { email, roles: ["constructor"] }, [noRole]],
    ["an admin", { email, roles: ["user", "admin"] }, ["roles: Makes an admin, which was not allowed."]],
    ["an unknown status", { email, status: "active" }, ["status: Must be ACTIVE or DISABLED."]],
    ["no UUID", { email, id: "7" }, ["id: Must be a UUID."]],
    ["the UUID of nobody", { email, id: "00000000-0000-0000-0000-000000000000" }, ["id: Must be a UUID."]],
    ["the last UUID", { email, id: "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF" }, ["id: Must be a UUID."]],
    ["a number for a time", { email, createdAt: 1_700_000_000 }, [notATime("createdAt")]],
    ["a day alone", { email, createdAt: "2024-05-17" }, [notATime("createdAt")]],
    ["a time without a zone", { email, createdAt: "2024-05-17T09:30:00" }, [notATime("createdAt")]],
    ["a day that no calendar has", { email, createdAt: "2023-02-29T09:30:00Z" }, [notATime("createdAt")]],
    ["an hour that no day has", { email, lastLoginAt: "2024-05-17T24:00:00Z" }, [notATime("lastLoginAt")]],
    ["a month that no year has", { email, lastLoginAt: "2024-13-17T09:00:00Z" }, [notATime("lastLoginAt")]],
    ["a time to come", { email, createdAt: "2026-05-17T09:30:00.001Z" }, ["createdAt: Lies in the future."]],
    ["a time to come, in its zone", { email, lastLoginAt: "2026-05-17T09:30:00-00:01" }, ["lastLoginAt: Lies in the future."]],
    ["a time that no id can tell", { email, createdAt: "1969-12-31T23:59:59.999Z" }, ["createdAt: Lies before 1970."]],
    ["a password in the clear", { email, passwordHash: "a long walk by the sea" }, [notAHash]],
    ["an empty hash", { email, passwordHash: "" }, [notAHash]],
    ["a number for the hash", { email, passwordHash: 7 }, [notAHash]],
    ["bcrypt that is cut off", { email, passwordHash: BCRYPT_HASH.slice(0, -1) }, [notAHash]],
    ["bcrypt that takes hours", { email, passwordHash: BCRYPT_HASH.replace("$06$", "$31$") }, [notAHash]],
    ["a salt with U+0000", { email, passwordHash: "pbkdf2_sha256$1000$sa\0lt$EvHLZ55xdapMlhWQVGbUyBDf+5topkEAR0tQaHex6wY=" }, [notAHash]],
    [
      "a salt with half a surrogate pair",
      { email, passwordHash: "pbkdf2_sha256$1000$\ud800$EvHLZ55xdapMlhWQVGbUyBDf+5topkEAR0tQaHex6wY=" },
      [notAHash],
    ],
    ["an unknown key", { email, name: "Ada" }, [unknownKey("name")]],
    ["a known key in another spelling", { email, Email: email }, [unknownKey("Email")]],
    ["a prototype", `{"email":"${email}","__proto__":{"roles":["admin"]}}`, [unknownKey("__proto__")]],
    ["a prototype instead of an e-mail", `{"__proto__":{"email":"${email}"}}`, [unknownKey("__proto__"), "email: Is missing."]],
    ["a key that would colour a terminal", { email, "\u001b[31m": 1 }, [unknownKey(null)]],
    [
      "thousands of unknown keys",
      Object.fromEntries([["email", email], ...Array.from({ length: 5000 }, (_, index) => [`k${index}`, 1])]),
      [expect.stringMatching(/^k0: .* So are 4999 more\.$/)],
    ],
    [
      "several problems at once",
      { email: "ada", roles: ["owner"], id: 7, passwordHash: "x" },
      [notAnAddress, noRole, notAHash, "id: Must be a UUID."],
    ],
  ])("%s", (_name, line, problems) => {
    expect(problemsOf(line)).toEqual(problems);
  });
});

test.each([
  [
    "null where something may be missing",
    { email, emailVerified: null, roles: null, status: null, createdAt: null, lastLoginAt: null, passwordHash: null, id: null },
  ],
  ["no roles at all", { email, roles: [] }],
  ["times to the microsecond, in any zone", { email, createdAt: "2024-02-29t23:59:59.999999+14:00", lastLoginAt: "2024-05-17T09:30:00z" }],
  ["the present moment", { email, createdAt: now.toISOString() }],
])("a line is good with %s", (_name, line) => {
  expect(problemsOf(line)).toEqual([]);
});

async function linesOf(...chunks: (Buffer | string)[]) {
  async function* give() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const lines: unknown[] = [];
  for await (const found of readLines(give())) lines.push(...found.map(({ text, problem }) => text ?? { problem }));
  return lines;
}

describe("a file is cut into lines", () => {
  test("wherever its chunks end, also within a character", async () => {
    const bytes = Buffer.from("\uFEFF{é}\r\n\n€\n\u{1F600}");
    for (let size = 1; size <= bytes.length; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
      expect(await linesOf(...chunks)).toEqual(["{é}", "", "€", "\u{1F600}"]);
    }
  });

  test("and has none where it is empty", async () => {
    expect(await linesOf()).toEqual([]);
    expect(await linesOf("", "\n")).toEqual([""]);
  });

  test("bytes that are no UTF-8 are bad in their line alone", async () => {
    const lines = await linesOf("a\n", Buffer.from([0xc3, 0x28, 0x0a]), Buffer.from([0xed, 0xa0, 0x80, 0x0a]), "b\n");
    expect(lines).toEqual(["a", { problem: "Is not UTF-8." }, { problem: "Is not UTF-8." }, "b"]);
  });

  test("a mark of UTF-8 counts at the start only", async () => {
    expect(await linesOf("\uFEFFa\n\uFEFFb\n")).toEqual(["a", "\uFEFFb"]);
  });

  test("as long as the longest is a line, one more byte is too much", async () => {
    const longest = "x".repeat(MAXIMUM_LINE_BYTES);
    expect(await linesOf(longest, "\n", longest, "x\n", "b")).toEqual([longest, { problem: "Is longer than 65536 bytes." }, "b"]);
  });

  test("a line of a gigabyte is one bad line, and is not held", async () => {
    const chunk = 1024 * 1024;
    let most = 0;
    async function* give() {
      for (let index = 0; index < 1024; index++) {
        yield Buffer.alloc(chunk, 0x20);
        most = Math.max(most, process.memoryUsage().arrayBuffers);
      }
      yield Buffer.from("\nb\n");
    }
    const lines: unknown[] = [];
    for await (const found of readLines(give())) lines.push(...found);
    expect(lines).toEqual([
      { number: 1, problem: "Is longer than 65536 bytes." },
      { number: 2, text: "b" },
    ]);
    expect(most).toBeLessThan(256 * chunk);
  });
});
