import { buildSchema, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { readAppliedLimits } from "../../src/graphql/limits/rate-limit-directive.ts";
import { checkPolicies } from "../../src/graphql/policies/check-policies.ts";
import { accountCountsOf, mutationsThat, policyOf, rateLimitOf } from "../../src/graphql/policies/root-policies.ts";
import { buildAuthGraph } from "../../src/graphql/schema.ts";

const { schema, sdl } = await buildAuthGraph();
const check = (text: string) => checkPolicies(buildSchema(text), readAppliedLimits(parse(text)));

/** The schema with something else in its text. */
function sdlWith(text: string | RegExp, other: string): string {
  const changed = sdl.replace(text, () => other);
  expect(changed).not.toBe(sdl);
  return changed;
}

const withMutation = (field: string) => sdlWith("type Mutation {", `type Mutation {\n  ${field}`);
const loginLimit = /(?<=^ {2}login\(.*)@rateLimit\(.*\)/m;

describe("the graph does not start", () => {
  test("with a mutation that has no policy", () => {
    expect(() => check(withMutation("somethingNew: Boolean"))).toThrow("Mutation.somethingNew has no policy");
  });

  test("with a policy of no field", () => {
    expect(() => check(sdlWith(/^ {2}logout\(/m, "  leave("))).toThrow("Mutation.logout has a policy, and is no field");
  });

  test("with a limit that its schema does not show, or that is no policy's", () => {
    expect(() => check(sdlWith(loginLimit, ""))).toThrow("Mutation.login does not show its limit in the schema");
    const added = sdlWith("  me: User ", `  me: User ${rateLimitOf("Mutation.login")} `);
    expect(() => check(added)).toThrow("Query.me has a limit that is no policy's");
  });

  test.each([
    rateLimitOf("Mutation.deleteAccount"),
    '@rateLimit(max: 6, window: "15m")',
    '@rateLimit(max: 5, window: "15s")',
    '@rateLimit(max: 5, window: "15m", identityArgs: ["input.email"])',
  ])("with %s for a login", (directive) => {
    expect(() => check(sdlWith(loginLimit, directive))).toThrow("Mutation.login shows another limit than its policy's in the schema");
  });

  test.each([
    ["Mutation.changePassword has a policy for input.currentPassword", "currentPassword: String!", "old: String!"],
    ["Mutation.requestEmailChange has a policy for input.newEmail", "newEmail: String!", "address: String!"],
    ["Mutation.verifyEmail has a policy for input.attempt", /(?<=^input VerifyEmailInput \{[^}]*)attempt: String/m, "proof: String"],
  ])("where %s, by which calls are counted, and no such argument", (problem, text, other) => {
    expect(() => check(sdlWith(text, other))).toThrow(`${problem}, and no such argument`);
  });

  test.each([
    ["Mutation.revokeSession takes the password password", "revokeSession(", "revokeSession(password: String, "],
    ["Mutation.logout takes the password input.password", "input LogoutInput {", "input LogoutInput {\n  password: String"],
    ["Mutation.login takes the password input.oldPassword", "input LoginInput {", "input LoginInput {\n  oldPassword: String"],
  ])("where %s, and no policy says so", (problem, text, other) => {
    expect(() => check(sdlWith(text, other))).toThrow(`${problem}, and its policy does not say so`);
  });

  test("but as it is", () => {
    expect(() => check(sdl)).not.toThrow();
  });
});

test("wrong passwords are counted for the account by every field that checks one", () => {
  const names = Object.keys(schema.getMutationType()?.getFields() ?? {});
  const counting = names.filter((name) => accountCountsOf(`Mutation.${name}`).some((count) => count.name === "failedLoginsPerAccount"));
  expect(counting.sort()).toEqual(["changePassword", "deleteAccount", "login", "requestEmailChange"]);
});

test("every mutation whose input has a password takes one", () => {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {});
  const withPasswords = fields.filter(({ args }) =>
    args.some(({ name, type }) =>
      /password/i.test([name, ...Object.keys(inputFieldsOf(String(type).replaceAll(/[[\]!]/g, "")))].join(" ")),
    ),
  );
  expect(withPasswords.map(({ name }) => name).sort()).toEqual([...mutationsThat(({ passwords }) => passwords !== undefined)].sort());
});

function inputFieldsOf(name: string): object {
  const type = schema.getType(name);
  return type !== undefined && "getFields" in type ? type.getFields() : {};
}

test("the directive says what the policy says", () => {
  expect(rateLimitOf("Mutation.login")).toBe('@rateLimit(max: 5, window: "15m")');
  expect(policyOf("Query.me")).toBeUndefined();
});
