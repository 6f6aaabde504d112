import { describe, expect, test } from "vitest";
import { checkPolicies, mutationsThat, policyOf, rateLimitOf } from "../../src/graphql/policies/root-policies.ts";
import { buildAuthGraph } from "../../src/graphql/schema.ts";

const { rootFields, schema } = await buildAuthGraph();
const own = [...rootFields].filter((field) => !["Query._service", "Query._entities", "Query._sdl"].includes(field));
const limited = new Set(own.filter((field) => policyOf(field)?.rateLimit !== undefined));

describe("the graph does not start", () => {
  test("with a mutation that has no policy", () => {
    expect(() => checkPolicies([...own, "Mutation.somethingNew"], limited)).toThrow("Mutation.somethingNew has no policy");
  });

  test("with a policy of no field", () => {
    const without = own.filter((field) => field !== "Mutation.logout");
    expect(() => checkPolicies(without, limited)).toThrow("Mutation.logout has a policy, and is no field");
  });

  test("with a limit that its schema does not show, or that is no policy's", () => {
    const hidden = new Set([...limited].filter((field) => field !== "Mutation.login"));
    expect(() => checkPolicies(own, hidden)).toThrow("Mutation.login does not show its limit in the schema");
    expect(() => checkPolicies(own, new Set([...limited, "Query.me"]))).toThrow("Query.me has a limit that is no policy's");
  });

  test("but as it is", () => {
    expect(() => checkPolicies(own, limited)).not.toThrow();
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
