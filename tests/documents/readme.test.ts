import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { errorTable } from "../../src/core/errors.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { readDocument, sectionOf, table } from "../support/documents.ts";
import { type ServerProcess, startServerProcess } from "../support/processes/server-process.ts";

const readme = readDocument("README.md");
const tutorial = readDocument("docs/start/tutorial.md");

test("the table of errors is the one of the code", () => {
  const rows = Object.entries(errorTable).map(([code, { when, facts }]) => [`\`${code}\``, when, facts === "" ? "" : `\`${facts}\``]);
  expect(sectionOf(readDocument("docs/reference/errors.md"), "errors")).toBe(table(["code", "when", "facts"], rows));
});

test("stays short", () => {
  expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(100);
});

describe.each(["bash", "zsh"])("the first operations, pasted into %s", (shell) => {
  let database: TestDatabase;
  let server: ServerProcess;
  beforeEach(async () => {
    database = await createTestDatabase();
    server = await startServerProcess({ DATABASE_URL: database.url, GATEWAY_CONFIG: "" });
  });
  afterEach(async () => {
    await server.stop();
    await database.drop();
  });

  const register = readme.slice(readme.indexOf("In another terminal"), readme.indexOf("## Connect a client"));
  const section = tutorial.slice(tutorial.indexOf("## First operations"), tutorial.indexOf("## Go on"));
  const linesOf = (text: string) =>
    [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block?.replaceAll("http://localhost:4000", server.url)).join("");
  async function bannerLines(): Promise<string> {
    await expect.poll(() => server.output()).toContain("Who am I?");
    return [...server.output().matchAll(/^ {2}((?:for field|curl -s) .*)$/gm)]
      .map(([, line]) => line?.replace(/http:\/\/localhost:\d+/, server.url))
      .join("\n");
  }

  const tokens = { accessToken: expect.stringMatching(/^ey/), refreshToken: expect.stringMatching(/^rt\d_/) };
  const signedIn = expect.objectContaining({ ...tokens, expiresIn: 900 });
  const me = { data: { me: expect.objectContaining({ email: "ada@example.com", roles: ["user"] }) } };
  const fromTutorial = (field: string) => [
    { data: { [field]: signedIn } },
    me,
    { data: { refresh: tokens } },
    { data: { logout: { endedSessions: 1 } } },
    {
      data: { me: null },
      errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: "UNAUTHENTICATED", reason: "revoked" }) })],
    },
  ];
  const fromBanner = (field: string) => [{ data: { [field]: signedIn } }, me];

  test("README's registers somebody", async () => {
    expect(await paste(shell, linesOf(register))).toEqual([{ data: { register: { accessToken: tokens.accessToken } } }]);
  });

  test("the tutorial's work again and again, and no line fails", async () => {
    expect(await paste(shell, linesOf(section) + linesOf(section))).toEqual([...fromTutorial("register"), ...fromTutorial("login")]);
  });

  test("those that npm start prints work after the tutorial's", async () => {
    expect(await paste(shell, `${linesOf(section)}${await bannerLines()}\n`)).toEqual([
      ...fromTutorial("register"),
      ...fromBanner("login"),
    ]);
  });

  test("the tutorial's work after those that npm start prints, and these again", async () => {
    const banner = await bannerLines();
    const expected = [...fromBanner("register"), ...fromTutorial("login"), ...fromBanner("login")];
    expect(await paste(shell, `${banner}\n${linesOf(section)}${banner}\n`)).toEqual(expected);
  });
});

/** As a person pastes: into an interactive shell, where zsh knows no comments. What was answered, line by line. */
async function paste(shell: string, script: string): Promise<unknown[]> {
  const args = shell === "zsh" ? ["-f", "-i", "-s"] : ["--norc", "--noprofile", "-i"];
  const child = spawn(shell, args, { env: { PATH: process.env.PATH, PS1: "", PS2: "", HISTFILE: "" }, detached: true });
  const closed = once(child, "close");
  child.stdin.end(script);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  expect(stderr).not.toMatch(/not found|no matches|error|unmatched|bad /i);
  const lines = stdout.split("\n").filter((line) => line.trim() !== "");
  return lines.flatMap((line) => (line.includes("{") ? [JSON.parse(line.slice(line.indexOf("{")))] : []));
}
