import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { LONGEST_ACCESS_TOKEN_SECONDS } from "../../src/auth/revocations/revocation.ts";
import { type Variable, variables } from "../../src/config/environment/variables.ts";

const entries = Object.entries<Variable>(variables);

function defaultOf(variable: Variable): string {
  const inProduction = variable.productionDefault === undefined ? "" : `; ${variable.productionDefault} in production`;
  return `${variable.defaultNote ?? variable.default}${inProduction}`;
}

test(".env.example shows every variable, commented out, with its description and default", async () => {
  const blocks = entries.map(
    ([name, variable]) => `\n# ${variable.description} Default: ${defaultOf(variable)}.\n# ${name}=${variable.default ?? ""}\n`,
  );
  const text = await readFile(new URL("../../.env.example", import.meta.url), "utf8");
  const [introduction = ""] = text.split("\n\n");
  expect(text).toBe(`${introduction}\n${blocks.join("")}`);
  expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
});

test.each(entries)("the default and the example of %s are valid themselves", (_name, variable) => {
  for (const text of [variable.default, variable.productionDefault, variable.example]) {
    if (text !== undefined) expect(variable.value.safeParse(text).success).toBe(true);
  }
});

test.each(entries)("%s is described in one line, with a default", (_name, variable) => {
  expect(variable.description).toMatch(/^[^\n]{10,140}\.$/);
  expect(variable.default ?? variable.defaultNote).toBeTruthy();
});

test("every variable reaches the configuration, but the one that names its file", async () => {
  const read = (name: string) => readFile(new URL(`../../src/config/${name}`, import.meta.url), "utf8");
  const source = (await read("config.ts")) + (await read("environment/database-config.ts"));
  const unread = entries.map(([name]) => name).filter((name) => !new RegExp(`\\bvalues\\.${name}\\b`).test(source));
  expect(unread).toEqual(["GATEWAY_CONFIG"]);
});

test("no access token can be configured to live longer than a revocation is remembered", () => {
  const { value } = variables.ACCESS_TOKEN_TTL;
  expect(value.parse(`${LONGEST_ACCESS_TOKEN_SECONDS}s`)).toBe(LONGEST_ACCESS_TOKEN_SECONDS);
  expect(value.safeParse(`${LONGEST_ACCESS_TOKEN_SECONDS + 1}s`).success).toBe(false);
});
