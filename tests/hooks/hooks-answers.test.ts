import { describe, expect, test } from "vitest";
import type { Account } from "../../src/auth/users/account-store.ts";
import { AuthError } from "../../src/core/errors.ts";
import { createDecidingHooks } from "../../src/hooks/deciding-hooks.ts";
import type { Hooks } from "../../src/hooks/hooks.ts";

const ada: Account = {
  id: "01a21a7d-d0b4-70bb-8536-33b178c92f87",
  email: "ada@example.com",
  emailVerified: true,
  roles: ["user"],
  status: "ACTIVE",
  version: 1,
  createdAt: new Date(),
  lastLoginAt: null,
  erasureAt: null,
};
const newcomer = { email: ada.email, emailKey: ada.email, ipAddress: "192.0.2.1", userAgent: null };
const NEVER = new Promise<never>(() => undefined);

/** What comes of an answer, and what the operator is told. */
async function ask(hooks: object, hook: "claims" | "beforeRegister", timeoutMilliseconds = 5000) {
  const problems: unknown[] = [];
  const deciding = createDecidingHooks(hooks as Hooks, {
    timeoutMilliseconds,
    grantable: new Set(["user", "support"]),
    onProblem: ({ hook: name, error }) => problems.push([name, error instanceof Error]),
  });
  const asked = hook === "claims" ? deciding.claims?.(ada) : deciding.beforeRegister?.(newcomer);
  const outcome = await asked?.catch((error: unknown) => (error instanceof AuthError ? error.code : error));
  return { outcome, problems };
}

type Settle = (value: unknown) => void;

/** As a promise library of the operator's choice may be. */
function thenable(settle: (resolve: Settle, reject: Settle) => unknown): object {
  // biome-ignore lint/suspicious/noThenProperty: what is no promise and can be awaited is what is tested.
  return Object.defineProperty({}, "then", { value: settle });
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const claimsFrom = (claims: unknown) => ask({ claims }, "claims");
const verdictFrom = (answer: unknown) => ask({ beforeRegister: () => answer }, "beforeRegister");

const sized = (bytes: number) => ({ text: "a".repeat(bytes - '{"text":""}'.length) });
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

describe("claims are taken", () => {
  test.each<[string, unknown, unknown]>([
    ["none", {}, {}],
    ["nested ones", { a: { b: [1, "c", null, true] } }, { a: { b: [1, "c", null, true] } }],
    ["as JSON has them", { at: new Date(0), gone: undefined }, { at: "1970-01-01T00:00:00.000Z" }],
    ["from an object without prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ["a kilobyte of them", sized(1024), sized(1024)],
    [
      "under names that only look like ours",
      { Roles: [], "https://example.com/roles": ["x"] },
      { Roles: [], "https://example.com/roles": ["x"] },
    ],
  ])("%s", async (_name, answer, values) => {
    expect(await claimsFrom(() => answer)).toEqual({ outcome: values, problems: [] });
    expect(await claimsFrom(async () => answer)).toEqual({ outcome: values, problems: [] });
  });

  test("as they were answered: what the hook does to the object later changes nothing", async () => {
    const answer = { plan: "gold" };
    const { outcome } = await claimsFrom(() => answer);
    answer.plan = "platinum";
    expect(outcome).toEqual({ plan: "gold" });
  });
});

describe("claims are refused, and nobody but the operator learns why", () => {
  const taken = "iss sub aud exp nbf iat jti sid roles scope email ver type client_id auth_time acr amr act cnf idp".split(" ");
  const refused = { outcome: "SERVICE_UNAVAILABLE", problems: [["claims", true]] };

  test.each([...taken, "constructor", "prototype"])("named %s", async (name) => {
    expect(await claimsFrom(() => ({ fine: 1, [name]: "mine" }))).toEqual(refused);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "gold"],
    ["a list", ["gold"]],
    ["a map", new Map([["plan", "gold"]])],
    ["an instance of a class", new (class Plan {})()],
    ["a function", () => ({})],
    ["a cycle", cyclic],
    ["a number that JSON does not have", { big: 1n }],
    ["more than a kilobyte", sized(1025)],
    ["more than a kilobyte, of few characters", { text: "ü".repeat(512) }],
    ["an own __proto__", JSON.parse('{"__proto__": {"roles": ["admin"]}}')],
    ["an own __proto__ within", JSON.parse('{"a": [{"__proto__": 1}]}')],
    ["something else, by toJSON", { toJSON: () => ["roles"] }],
    ["ours, by toJSON", { toJSON: () => ({ sub: "somebody else" }) }],
    ["nothing, by toJSON", { toJSON: () => undefined }],
    ["a getter that throws", Object.defineProperty({}, "plan", { enumerable: true, get: () => JSON.parse("{") })],
    ["a proxy whose traps throw", new Proxy({}, { ownKeys: () => JSON.parse("{") })],
    ["a thenable that throws", thenable(() => JSON.parse("{"))],
    ["a thenable that settles twice, the first time with nothing", thenable((resolve) => [resolve(undefined), resolve({})])],
    ["a thenable that rejects", thenable((_, reject) => reject({ message: "no error" }))],
  ])("%s", async (_name, answer) => {
    expect(await claimsFrom(() => answer)).toEqual(refused);
  });

  test.each<[string, () => unknown]>([
    ["an error", () => JSON.parse("{")],
    ["a text", () => Promise.reject("gold")],
    ["nothing", () => Promise.reject()],
    ["what cannot be read", () => Promise.reject(new Proxy({}, { get: () => JSON.parse("{"), getPrototypeOf: () => JSON.parse("{") }))],
    ["an error of ours", () => Promise.reject(new AuthError("INVALID_CREDENTIALS", {}))],
  ])("from a hook that throws %s", async (_name, claims) => {
    expect(await claimsFrom(claims)).toEqual(refused);
  });

  test("from a hook that never answers, once its time is over", async () => {
    expect(await ask({ claims: () => NEVER }, "claims", 20)).toEqual(refused);
    expect(await ask({ claims: () => thenable(() => undefined) }, "claims", 20)).toEqual(refused);
  });
});

test("a hook that answers after its time is over changes nothing any more", async () => {
  let answer: (value: unknown) => void = () => undefined;
  const { outcome, problems } = await ask({ claims: () => new Promise((resolve) => (answer = resolve)) }, "claims", 20);
  answer({ plan: "gold" });
  await nextTurn();
  expect([outcome, problems.length]).toEqual(["SERVICE_UNAVAILABLE", 1]);
});

describe("a verdict is taken", () => {
  test.each<[string, unknown, unknown]>([
    ["none", undefined, ["user"]],
    ["roles", { roles: ["support"] }, ["user", "support"]],
    ["no further roles", { roles: [] }, ["user"]],
    ["the role that everybody has", { roles: ["user", "support", "support"] }, ["user", "support"]],
    ["a refusal", { refuse: "By invitation only." }, "REGISTRATION_REFUSED"],
    ["a refusal of 200 characters", { refuse: "a".repeat(200) }, "REGISTRATION_REFUSED"],
  ])("%s", async (_name, answer, outcome) => {
    expect(await verdictFrom(answer)).toEqual({ outcome, problems: [] });
  });
});

describe("a verdict is refused", () => {
  test.each<[string, unknown]>([
    ["null", null],
    ["a flag", false],
    ["a text", "no"],
    ["an empty object", {}],
    ["both", { refuse: "no", roles: [] }],
    ["something else as well", { roles: [], admin: true }],
    ["the admin role", { roles: ["admin"] }],
    ["the admin role among others", { roles: ["support", "admin"] }],
    ["a role that does not exist", { roles: ["boss"] }],
    ["a role that is no text", { roles: [["support"]] }],
    ["roles that are no list", { roles: "support" }],
    ["roles with a hole", { roles: new Array(1) }],
    ["a reason that is no text", { refuse: true }],
    ["no reason", { refuse: " " }],
    ["a reason of 201 characters", { refuse: "a".repeat(201) }],
    ["a reason of broken Unicode", { refuse: "\ud800" }],
    ["a getter that throws", Object.defineProperty({}, "refuse", { enumerable: true, get: () => JSON.parse("{") })],
  ])("%s", async (_name, answer) => {
    expect(await verdictFrom(answer)).toEqual({ outcome: "SERVICE_UNAVAILABLE", problems: [["beforeRegister", true]] });
  });

  test("that answers differently each time it is looked at", async () => {
    let looks = 0;
    const roles = () => {
      looks += 1;
      return looks === 1 ? ["support"] : ["admin"];
    };
    const { outcome } = await verdictFrom(Object.defineProperty({}, "roles", { enumerable: true, get: roles }));
    expect(outcome).toEqual(["user", "support"]);
  });
});
