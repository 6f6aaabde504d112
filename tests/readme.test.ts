import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errorTable } from "../src/auth/errors.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { readDocument, sectionOf, table } from "./support/documents.ts";
import { type ServerProcess, startServerProcess } from "./support/server-process.ts";

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
    const text = readDocument(name);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => link ?? "");
    const folder = name.includes("/") ? "docs/" : "";
    for (const link of links) expect(readDocument(folder + link), `${name}: ${link}`).not.toBe("");
  }
});

test("stays short", () => {
  expect(readme.split("\n").length).toBeLessThan(120);
});

describe("the first operations, pasted into a shell", () => {
  let database: TestDatabase;
  let server: ServerProcess;
  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServerProcess({ DATABASE_URL: database.url, GATEWAY_CONFIG: "" });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  test("give a user, a session, new tokens, and after the logout an access token that is refused", async () => {
    const [, section = ""] = readme.split("## First operations");
    const script = /```sh\n([\s\S]*?)```/.exec(section)?.[1]?.replaceAll("http://localhost:4000", server.url);
    const { stdout } = await promisify(execFile)("sh", ["-euc", script ?? "exit 1"]);
    const answers = stdout
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    expect(answers).toEqual([
      {
        data: {
          register: { user: { id: expect.any(String), email: "ada@example.com", roles: ["user"] }, session: { id: expect.any(String) } },
        },
      },
      { data: { login: { accessToken: expect.stringMatching(/^ey/), expiresIn: 900, refreshToken: expect.stringMatching(/^rt1_/) } } },
      { data: { me: expect.objectContaining({ email: "ada@example.com", roles: ["user"] }) } },
      { data: { refresh: { accessToken: expect.stringMatching(/^ey/), refreshToken: expect.stringMatching(/^rt1_/) } } },
      { data: { logout: { endedSessions: 1 } } },
      {
        data: { me: null },
        errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: "UNAUTHENTICATED", reason: "revoked" }) })],
      },
    ]);
    expect(answers[3].data.refresh.refreshToken).not.toBe(answers[1].data.login.refreshToken);
    const rows = await database.sql`select generation, end_reason from sessions order by created_at`;
    expect(rows.map(({ generation, end_reason }) => ({ generation, end_reason }))).toEqual([
      { generation: 0, end_reason: null },
      { generation: 1, end_reason: "LOGOUT" },
    ]);
  });

  test("npm start's own first operation works as printed", async () => {
    await expect.poll(() => server.output()).toContain("curl -s");
    const command = /curl -s .*/.exec(server.output())?.[0].replace(/http:\/\/localhost:\d+/, server.url);
    const { stdout } = await promisify(execFile)("sh", ["-euc", (command ?? "exit 1").replace("ada@example.com", "grace@example.com")]);
    expect(JSON.parse(stdout)).toMatchObject({ data: { register: { user: { email: "grace@example.com" } } } });
  });
});
