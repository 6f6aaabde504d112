import { expect, test } from "vitest";
import { similarName } from "../../src/config/values/similar-names.ts";

test("a name that is far longer than any known one is not compared with each of them", () => {
  const known = Array.from({ length: 60 }, (_none, index) => `DATABASE_VARIABLE_${index}`);
  const before = process.cpuUsage();
  expect(similarName("X".repeat(2000), known)).toBeUndefined();
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(500);
});
