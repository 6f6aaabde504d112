import { spawn, spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { emptyFolder } from "../support/folders.ts";
import { startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { commandFile } from "../support/processes/command-line.ts";
import { PASSWORD } from "../support/sign-in.ts";

const NEW_PASSWORD = "another walk, in the hills";
const FIRST = "New password:";
const SECOND = "The same again:";
const CTRL_C = "\x03";
const CTRL_D = "\x04";

/** `script` of util-linux gives a program a terminal. */
const hasTerminals = spawnSync("script", ["--version"]).stdout?.includes("util-linux") ?? false;

/** Runs set-password at a terminal: each text is typed once its prompt is there. Everything that the terminal showed. */
async function typeInto(email: string, typed: readonly (readonly [prompt: string, text: string])[], redirection = "") {
  const command = `"${process.execPath}" "${commandFile}" set-password ${email} ${redirection}`;
  const env = { PATH: process.env.PATH, DATABASE_URL: gateway.database.url, SECRET: TEST_SECRET };
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], { cwd: emptyFolder(), env, timeout: 300_000 });
  let screen = "";
  child.stdout.on("data", (chunk: Buffer) => {
    screen += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  for (const [prompt, text] of typed) {
    await expect.poll(() => screen).toContain(prompt);
    child.stdin.write(text);
  }
  const code = await exited;
  child.stdin.destroy();
  return { code, screen };
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

describe.runIf(hasTerminals)("at a terminal the password", () => {
  test("is asked for twice, and never shown", async () => {
    const { user } = await gateway.register();
    const { code, screen } = await typeInto(user.email, [
      [FIRST, `${NEW_PASSWORD}\r`],
      [SECOND, `${NEW_PASSWORD}\r`],
    ]);
    expect(screen).toContain("Set the password of");
    expect(screen).not.toContain("walk");
    expect(code).toBe(0);
    await gateway.login(user.email, NEW_PASSWORD);
    expect(codesOf(await gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }))).toEqual([
      "INVALID_CREDENTIALS",
    ]);
  });

  test.each([
    [
      "differs the second time",
      [
        [FIRST, `${NEW_PASSWORD}\r`],
        [SECOND, "not the same\r"],
      ],
      "The two passwords differ.",
    ],
    ["is empty", [[FIRST, "\r"]], "No password was entered."],
    ["is not given but Ctrl-D", [[FIRST, CTRL_D]], "No password was entered."],
    ["is not given but Ctrl-C", [[FIRST, CTRL_C]], "No password was entered."],
  ] as const)("that %s changes nothing, and is exit code 1", async (_case, typed, message) => {
    const { user } = await gateway.register();
    const { code, screen } = await typeInto(user.email, typed);
    expect(screen).toContain(`${message} Nothing was changed.`);
    expect(screen).not.toContain("walk");
    expect(code).toBe(1);
    await gateway.login(user.email);
  });

  test("is not shown where standard output and standard error lead elsewhere", async () => {
    const { user } = await gateway.register();
    const typed = `${NEW_PASSWORD}\r`;
    const { screen } = await typeInto(
      user.email,
      [
        [FIRST, typed],
        [SECOND, typed],
      ],
      "2>&1 | cat",
    );
    expect(screen).toContain("Set the password of");
    expect(screen).not.toContain("walk");
  });
});
