import { type GraphQLResolveInfo, parse } from "graphql";
import { expect, test } from "vitest";
import type { Admission } from "../../src/auth/limits/call-limits.ts";
import { createMemoryStore } from "../../src/auth/limits/memory-store.ts";
import { identifyArguments } from "../../src/graphql/limits/arguments.ts";
import { admitByLibrary } from "../../src/graphql/limits/library-limiter.ts";
import { createLimitTable } from "../../src/graphql/limits/limit-table.ts";
import { readAppliedLimits } from "../../src/graphql/limits/rate-limit-directive.ts";

const info = { fieldName: "login" } as GraphQLResolveInfo;
const refused: Admission = { refusal: { retryAfterSeconds: 1 } };
const granted: Admission = { giveBack: async () => undefined };

test.each([1, 7, 1_000_000])("graphql-rate-limit follows a store that reserves while it reads, with a maximum of %s", async (max) => {
  for (const verdict of [granted, refused]) {
    let asked = 0;
    const reserve = async () => {
      asked += 1;
      return verdict;
    };
    const limit = { max, windowSeconds: 60 };
    expect(await admitByLibrary({ field: "Mutation.login", caller: "a:b", limit, info, reserve })).toBe(verdict);
    expect(asked).toBe(1);
  }
});

test("of 50 parallel calls through graphql-rate-limit exactly max are admitted", async () => {
  const store = createMemoryStore();
  const limit = { max: 7, windowSeconds: 60 };
  const reserve = async (): Promise<Admission> => ((await store.reserve([{ key: "k", limit }], 1000)).exhausted ? refused : granted);
  const calls = Array.from({ length: 50 }, () => admitByLibrary({ field: "Mutation.login", caller: "k", limit, info, reserve }));
  expect((await Promise.all(calls)).filter(({ refusal }) => refusal === undefined)).toHaveLength(7);
});

test("a failing store fails the call, and lets nobody through", async () => {
  const reserve = () => Promise.reject(new Error("out of reach"));
  const call = admitByLibrary({ field: "Mutation.login", caller: "k", limit: { max: 1, windowSeconds: 60 }, info, reserve });
  await expect(call).rejects.toThrow("out of reach");
});

test("arguments are told apart whatever they contain, and spellings of one are not", () => {
  const identify = (first: unknown, second?: unknown) => identifyArguments(["a", "input.b"], { a: first, input: { b: second } });
  const different = [
    identify("x", "y"),
    identify("x:y"),
    identify("x:y", ""),
    identify("x", ":y"),
    identify(1),
    identify("1"),
    identify(["x"]),
  ];
  expect(new Set(different).size).toBe(different.length);
  expect(identify(" Jo\u0308rg@Example.COM ", "STRASSE")).toBe(identify("jörg@example.com", "strasse"));
  expect(identify({ a: undefined }, null)).toBe(identify({}, undefined));
  expect(identifyArguments([], { a: 1 })).toBe("");
  expect(identifyArguments(["constructor.name"], {})).toBe("[null]");
});

test("@rateLimit is read from SDL, and what cannot be read stops the start", () => {
  const read = (limit: string) => readAppliedLimits(parse(`type Query { a: Int @rateLimit(${limit}) b: Int }`));
  expect([...read('max: 3, window: "1h", identityArgs: ["id"]')]).toEqual([
    ["Query.a", { max: 3, windowSeconds: 3600, identityArgs: ["id"] }],
  ]);
  for (const limit of ['max: 0, window: "1h"', 'max: 1, window: "1 hour"', 'max: 1, window: "0s"', "max: 1", 'max: -1, window: "1m"']) {
    expect(() => read(limit), limit).toThrow();
  }
});

test("the operator's limits take the place of those of the schema and of the product", () => {
  const stated = new Map([["Mutation.login", { max: 5, windowSeconds: 900, identityArgs: [] }]]);
  const own = { max: 9, windowSeconds: 9 };
  const table = createLimitTable(
    stated,
    new Map<string, typeof own | "off">([
      ["default", "off"],
      ["Query.me", own],
    ]),
  );
  expect(table.ofField("Mutation.login")).toMatchObject({ max: 5, isStated: true });
  expect(table.ofField("Query.me")).toEqual({ ...own, setting: "Query.me", isStated: false });
  expect(table.ofField("Query.users")).toBeUndefined();
  const changed = createLimitTable(
    stated,
    new Map<string, typeof own | "off">([
      ["Mutation.login", own],
      ["failedLoginsPerAccount", "off"],
    ]),
  );
  expect(changed.ofField("Mutation.login")).toMatchObject({ ...own, isStated: true });
  expect(changed.ofField("Query.users")).toEqual({ max: 100, windowSeconds: 60, setting: "default", isStated: false });
  expect(changed.perAccount("failedLoginsPerAccount")).toBeUndefined();
  expect(changed.perAccount("codeTriesPerAccount")).toEqual({ max: 20, windowSeconds: 3600, setting: "codeTriesPerAccount" });
});
