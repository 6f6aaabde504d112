import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { errorTable } from "../../src/core/errors.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { readDocument, sectionOf, table } from "../support/documents.ts";
import { type ServerProcess, startServerProcess } from "../support/processes/server-process.ts";

const readme = readDocument("README.md");

test("the table of errors is the one of the code", () => {
  const rows = Object.entries(errorTable).map(([code, { when, facts }]) => [`\`${code}\``, when, facts === "" ? "" : `\`${facts}\``]);
  expect(sectionOf(readme, "errors")).toBe(table(["code", "when", "facts"], rows));
});

test("leads nowhere that does not exist", () => {
  for (const name of [
    "README.md",
    "CONTRIBUTING.md",
    "docs/configuration.md",
    "docs/authorization.md",
    "docs/performance.md",
    "docs/revocation.md",
    "docs/live-events.md",
    "docs/command-line.md",
    "docs/limits.md",
    "docs/passwords.md",
    "docs/moving-in.md",
    "docs/upstreams.md",
    "docs/gateway.md",
    "docs/federation.md",
    "docs/stitching.md",
  ]) {
    const page = readDocument(name);
    const links = [...page.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => link ?? "");
    const folder = name.includes("/") ? "docs/" : "";
    for (const link of links) expect(readDocument(folder + link), `${name}: ${link}`).not.toBe("");
  }
});

test("stays short", () => {
  expect(readme.split("\n").length).toBeLessThan(120);
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

  const section = readme.slice(readme.indexOf("## First operations"), readme.indexOf("## What it does"));
  const readmeLines = () =>
    [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block?.replaceAll("http://localhost:4000", server.url)).join("");
  async function bannerLines(): Promise<string> {
    await expect.poll(() => server.output()).toContain("Who am I?");
    return [...server.output().matchAll(/^ {2}((?:for field|curl -s) .*)$/gm)]
      .map(([, line]) => line?.replace(/http:\/\/localhost:\d+/, server.url))
      .join("\n");
  }

  const tokens = { accessToken: expect.stringMatching(/^ey/), refreshToken: expect.stringMatching(/^rt\d_/) };
  const signedIn = expect.objectContaining({ ...tokens, expiresIn: 900 });
  const me = { data: { me: expect.objectContaining({ email: "ada@example.com", roles: ["user"] }) } };
  const fromReadme = (field: string) => [
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

  test("README's work again and again, and no line fails", async () => {
    expect(await paste(shell, readmeLines() + readmeLines())).toEqual([...fromReadme("register"), ...fromReadme("login")]);
  });

  test("those that npm start prints work after README's", async () => {
    expect(await paste(shell, `${readmeLines()}${await bannerLines()}\n`)).toEqual([...fromReadme("register"), ...fromBanner("login")]);
  });

  test("README's work after those that npm start prints, and these again", async () => {
    const banner = await bannerLines();
    const expected = [...fromBanner("register"), ...fromReadme("login"), ...fromBanner("login")];
    expect(await paste(shell, `${banner}\n${readmeLines()}${banner}\n`)).toEqual(expected);
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
