import { describe, expect, test } from "vitest";
import { readDocument } from "../support/documents.ts";
import { isInstalled } from "../support/installed.ts";

describe("a program that tests need and that is not there", () => {
  test("has them skipped, and says so", () => {
    const lines: string[] = [];
    expect(isInstalled("no-such-program", { env: {}, warn: (line) => lines.push(line) })).toBe(false);
    expect(lines).toEqual(["no-such-program is not installed (apt-get install no-such-program): what needs it is skipped."]);
  });

  test("fails them where CI is set", () => {
    expect(() => isInstalled("no-such-program", { env: { CI: "true" } })).toThrow("no-such-program is not installed");
    expect(isInstalled("node", { env: { CI: "true" } })).toBe(true);
  });

  test.each(["chromium", "pgbouncer", "redis-server"])("is installed by .ci/run, which sets CI: %s", (program) => {
    const script = readDocument(".ci/run");
    expect(script).toMatch(/^export CI=true$/m);
    expect(script).toMatch(new RegExp(`^  apt-get .*apt-get install .* ${program}$`, "m"));
  });
});
