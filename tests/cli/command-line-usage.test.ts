import { readdirSync, rmdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCommands } from "../../src/cli/commands.ts";
import { readInvocation } from "../../src/cli/invocation.ts";
import { readDocument } from "../support/documents.ts";
import { makeReachableFolder } from "../support/folders.ts";
import { startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import type { CommandResult } from "../support/processes/command-host.ts";
import { runCommand, runCommandAlone } from "../support/processes/command-line.ts";
import { runBeside } from "../support/processes/commands-beside-server.ts";

const commands = [
  "serve",
  "create-admin",
  "set-password",
  "unlock",
  "end-all-sessions",
  "import-users",
  "export-users",
  "rotate-keys",
  "migrate",
  "spread",
  "print-schema",
  "explain",
  "print-access",
];

/** A server that runs while commands change its database from outside. */
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});

afterAll(() => gateway.close());

/** What the program does with words that run nothing, without a process for it. */
async function invoke(words: readonly string[]): Promise<CommandResult> {
  const invocation = readInvocation(await loadCommands(words), words);
  if (invocation.kind === "run") throw new Error(`these words run ${invocation.command.name}`);
  return invocation.kind === "help" ? { code: 0, stdout: invocation.text, stderr: "" } : { code: 2, stdout: "", stderr: invocation.text };
}

const run = (words: readonly string[], input?: string | Buffer) => runBeside(gateway, words, input);

describe.concurrent("help", () => {
  test("the program prints it on standard output", async () => {
    expect(await runCommandAlone(["help", "set-password"])).toEqual(await invoke(["help", "set-password"]));
  });

  test.each([["--help"], ["-h"], ["help"]])("%s lists every command on standard output", async (word) => {
    const { code, stdout, stderr } = await invoke([word]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command} .*[a-z]\\.$`, "m"));
    expect(stdout).toContain("Exit codes: 0");
  });

  test("docs/reference/command-line.md lists the same", async () => {
    const { stdout } = await invoke(["--help"]);
    const listed = [...readDocument("docs/reference/command-line.md").matchAll(/^\| `([^`]+)` \|/gm)].map(([, synopsis]) => synopsis);
    expect([...stdout.matchAll(/^ {2}(\S.*?) {2,}[A-Z]/gm)].map(([, synopsis]) => synopsis)).toEqual(listed);
    expect(listed).toHaveLength(commands.length);
  });

  test.each(commands)("%s --help tells its usage and exit codes, and does nothing", async (command) => {
    const { code, stdout, stderr } = await invoke([command, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^Usage: graphql-auth-gateway ${command}`));
    expect(stdout).toContain("Exit codes: 0");
    const takesPassword = command === "create-admin" || command === "set-password";
    expect(stdout.includes("The password is the first line of standard input")).toBe(takesPassword);
    expect((await invoke(["help", command])).stdout).toBe(stdout);
  });
});

describe.concurrent("wrong usage is exit code 2, with the usage on standard error", () => {
  test("the program ends with it", async () => {
    const result = await runCommandAlone(["make-coffee"]);
    expect(result).toEqual(await invoke(["make-coffee"]));
    expect([result.code, result.stdout]).toEqual([2, ""]);
  });

  test.each([
    [[]],
    [["make-coffee"]],
    [["help", "make-coffee"]],
    [["create-admin"]],
    [["set-password"]],
    [["set-password", "--promote", "ada@example.com"]],
    [["create-admin", "--promote=yes", "ada@example.com"]],
    [["rotate-keys", "now"]],
    [["migrate", "--force"]],
    [["spread", "users"]],
    [["print-schema", "auth.graphql"]],
    [["explain"]],
    [["explain", "{ me { id } }", "{ me { id } }"]],
    [["explain", "--roles"]],
    [["explain", "--role", "admin", "{ me { id } }"]],
    [["print-access", "--check"]],
    [["import-users"]],
    [["import-users", "users.ndjson", "--report"]],
    [["export-users", "users.ndjson"]],
    [["print-access", "access.lock"]],
  ])("%j", async (words) => {
    const { code, stdout, stderr } = await invoke(words);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: graphql-auth-gateway");
  });

  test.each([
    [["ada@example.com", "hunter2-hunter2"]],
    [["ada@example.com", "--password", "hunter2-hunter2"]],
    [["ada@example.com", "--password=hunter2-hunter2"]],
    [["--hunter2-hunter2", "ada@example.com"]],
  ])("a password on the command line is refused without repeating it: %j", async (words) => {
    for (const command of ["create-admin", "set-password"]) {
      const { code, stdout, stderr } = await run([command, ...words]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("A password is never an argument, because the list of processes");
    }
    expect(await gateway.database.sql`select from users where email_key = 'ada@example.com'`).toHaveLength(0);
  });
});

test.each([["end-all-sessions"], ["export-users"], ["unlock", "ada@example.com"], ["rotate-keys"]])(
  "%s in a folder without a database is refused, and makes none",
  async (...words) => {
    const cwd = await makeReachableFolder("nothing-");
    const { code, stdout, stderr } = await runCommand(words, { cwd, env: { SECRET: TEST_SECRET } });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("There is no database here: DATABASE_URL is not set");
    expect(readdirSync(cwd)).toEqual([]);
    rmdirSync(cwd);
  },
);
