import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { readAppliedLimits } from "../../src/graphql/limits/rate-limit-directive.ts";
import { checkPolicies } from "../../src/graphql/policies/check-policies.ts";
import { mutationsThat, policyOf, rateLimitOf } from "../../src/graphql/policies/root-policies.ts";
import { buildAuthGraph } from "../../src/graphql/schema.ts";

const { rootFields, schema, sdl } = await buildAuthGraph();
const own = [...rootFields].filter((field) => !["Query._service", "Query._entities", "Query._sdl"].includes(field));
const limitsOf = (text: string) => readAppliedLimits(parse(text));

/** The schema with something else in the line of one field. */
function sdlWith(field: string, change: (line: string) => string): string {
  const changed = sdl.replace(new RegExp(`^  ${field}\\(.*$`, "m"), change);
  expect(changed).not.toBe(sdl);
  return changed;
}

describe("the graph does not start", () => {
  test("with a mutation that has no policy", () => {
    expect(() => checkPolicies([...own, "Mutation.somethingNew"], limitsOf(sdl))).toThrow("Mutation.somethingNew has no policy");
  });

  test("with a policy of no field", () => {
    const without = own.filter((field) => field !== "Mutation.logout");
    expect(() => checkPolicies(without, limitsOf(sdl))).toThrow("Mutation.logout has a policy, and is no field");
  });

  test("with a limit that its schema does not show, or that is no policy's", () => {
    const hidden = sdlWith("login", (line) => line.replace(/ @rateLimit.*/, ""));
    expect(() => checkPolicies(own, limitsOf(hidden))).toThrow("Mutation.login does not show its limit in the schema");
    const added = sdl.replace("  me: User ", `  me: User ${rateLimitOf("Mutation.login")} `);
    expect(() => checkPolicies(own, limitsOf(added))).toThrow("Query.me has a limit that is no policy's");
  });

  test.each([
    rateLimitOf("Mutation.deleteAccount"),
    '@rateLimit(max: 6, window: "15m")',
    '@rateLimit(max: 5, window: "15s")',
    '@rateLimit(max: 5, window: "15m", identityArgs: ["input.email"])',
  ])("with %s for a login", (directive) => {
    const other = sdlWith("login", (line) => line.replace(/@rateLimit.*/, directive));
    expect(() => checkPolicies(own, limitsOf(other))).toThrow("Mutation.login shows another limit than its policy's in the schema");
  });

  test("but as it is", () => {
    expect(limitsOf(sdl).size).toBeGreaterThan(10);
    expect(() => checkPolicies(own, limitsOf(sdl))).not.toThrow();
  });
});

test("every mutation whose input has a password takes one", () => {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {});
  const withPasswords = fields.filter(({ args }) =>
    args.some(({ type }) => /password/i.test(Object.keys(inputFieldsOf(String(type).replaceAll(/[[\]!]/g, ""))).join(" "))),
  );
  expect(withPasswords.map(({ name }) => name).sort()).toEqual([...mutationsThat(({ takesPassword }) => takesPassword === true)].sort());
});

function inputFieldsOf(name: string): object {
  const type = schema.getType(name);
  return type !== undefined && "getFields" in type ? type.getFields() : {};
}

test("the directive says what the policy says", () => {
  expect(rateLimitOf("Mutation.login")).toBe('@rateLimit(max: 5, window: "15m")');
  expect(policyOf("Query.me")).toBeUndefined();
});
