import { describe, expect, test } from "vitest";
import { combine, type Requirement, unmet } from "../../../src/access/requirements/requirements.ts";

type Lists = string[][];
const scopes = (alternatives: Lists): Requirement => ({ authenticated: false, scopes: alternatives });
const permissions = (held: { scopes?: string[]; roles?: string[] }) => ({ scopes: new Set(held.scopes), roles: new Set(held.roles) });

describe("combining two requirements", () => {
  test.each<[name: string, a: Lists, b: Lists, both: Lists]>([
    [
      "multiplies out, shorter alternatives first",
      [["a", "b"], ["c"]],
      [["d"], ["e"]],
      [
        ["c", "d"],
        ["c", "e"],
        ["a", "b", "d"],
        ["a", "b", "e"],
      ],
    ],
    ["drops duplicates", [["a"], ["b"]], [["b"], ["a"]], [["a"], ["b"]]],
    ["drops supersets", [["a"], ["b"]], [["a"], ["c"]], [["a"], ["b", "c"]]],
    ["drops the same set in another order", [["a", "b"]], [["b", "a"]], [["a", "b"]]],
    ["names each scope once", [["a", "b"]], [["b", "c"]], [["a", "b", "c"]]],
  ])("%s", (_name, a, b, both) => {
    expect(combine(scopes(a), scopes(b)).scopes).toEqual(both);
  });

  test("agrees with asking for each of the two", () => {
    const names = ["a", "b", "c", "d"];
    const subsets = Array.from({ length: 16 }, (_, bits) => names.filter((_name, index) => bits & (1 << index)));
    const alternatives = subsets.filter((subset) => subset.length > 0);
    for (let round = 0; round < 400; round++) {
      // Every pair of lists that a fixed stride through the subsets picks: reproducible, and no list like the next one.
      const pick = (seed: number) => [0, 1, 2].map((n) => alternatives[(seed * (n + 3) + n * 5) % alternatives.length] ?? []);
      const [a, b] = [scopes(pick(round)), scopes(pick(round * 7 + 2))];
      const both = combine(a, b);
      for (const subset of subsets) {
        const held = permissions({ scopes: subset });
        expect(unmet(both, held) === undefined).toBe(unmet(a, held) === undefined && unmet(b, held) === undefined);
      }
    }
  });

  test("keeps scopes and roles apart and needs both", () => {
    const both = combine({ authenticated: true, scopes: [["s"]] }, { authenticated: false, roles: [["r"], ["q"]] });
    expect(both).toEqual({ authenticated: true, scopes: [["s"]], roles: [["r"], ["q"]] });
  });

  test("with itself changes nothing, however many alternatives it has", () => {
    const wide = scopes(Array.from({ length: 900 }, (_, index) => [`scope${index}`]));
    expect(combine(wide, wide)).toEqual(wide);
  });

  test.each([
    [40, 1600],
    [1000, 1_000_000],
  ])("refuses more than 1,000 alternatives instead of growing without bound: %i squared", (size, count) => {
    const list = (prefix: string) => scopes(Array.from({ length: size }, (_, index) => [`${prefix}${index}`]));
    expect(() => combine(list("a"), list("b"))).toThrow(`${count} alternatives; at most 1000`);
  });

  test("changes neither of the two", () => {
    const [a, b] = [scopes([["a", "b"], ["c"]]), scopes([["d"]])];
    combine(a, b);
    expect([a, b]).toEqual([scopes([["a", "b"], ["c"]]), scopes([["d"]])]);
  });
});

describe("what a caller lacks", () => {
  test("is nothing where one alternative is held whole", () => {
    expect(unmet(scopes([["a", "b"], ["c"]]), permissions({ scopes: ["c"] }))).toBeUndefined();
  });
  test("is nothing for a signed-in caller where signing in is all that is asked", () => {
    expect(unmet({ authenticated: true }, permissions({}))).toBeUndefined();
  });
  test("is what the closest alternative lacks", () => {
    const required = [
      ["a", "b", "c"],
      ["d", "e"],
    ];
    expect(unmet(scopes(required), permissions({ scopes: ["a", "b"] }))).toEqual({ directive: "requiresScopes", required, missing: ["c"] });
  });
  test("is of the first alternative where several are equally close", () => {
    expect(unmet(scopes([["a"], ["b"]]), permissions({}))?.missing).toEqual(["a"]);
  });
  test("is a role even where a scope has the same name", () => {
    const held = permissions({ scopes: ["admin"] });
    expect(unmet({ authenticated: false, roles: [["admin"]] }, held)).toEqual({
      directive: "hasRole",
      required: [["admin"]],
      missing: ["admin"],
    });
  });
});
