import { expect, test } from "vitest";
import { type Variable, variables } from "../src/config/variables.ts";
import { readDocument, sectionOf, table } from "./support/documents.ts";

function defaultOf(variable: Variable): string {
  if (variable.defaultNote !== undefined) return variable.defaultNote;
  const inProduction = variable.productionDefault === undefined ? "" : `; \`${variable.productionDefault}\` in production`;
  return `\`${variable.default}\`${inProduction}`;
}

test("docs/configuration.md lists every variable, with its default and description", () => {
  const rows = Object.entries<Variable>(variables).map(([name, variable]) => [`\`${name}\``, defaultOf(variable), variable.description]);
  expect(sectionOf(readDocument("docs/configuration.md"), "variables")).toBe(table(["variable", "default", "what it is"], rows));
});

test("docs/authorization.md names every reason for having no viewer", () => {
  const source = readDocument("src/auth/permissions.ts");
  const [, union = ""] = /export type AnonymousReason =([^;]*);/.exec(source) ?? [];
  const reasons = [...union.matchAll(/"([a-z_]+)"/g)].map(([, reason]) => reason);
  expect(reasons.length).toBeGreaterThan(10);
  for (const reason of reasons) expect(readDocument("docs/authorization.md")).toContain(`\`${reason}\``);
});
