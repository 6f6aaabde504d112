import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestDatabase } from "../database.ts";
import { TEST_SECRET } from "../gateway.ts";
import type { CommandResult } from "../processes/command-host.ts";
import { type CommandOptions, runCommand } from "../processes/command-line.ts";

/** Of "a long walk by the sea", by bcrypt at a cost that is quick to verify. */
export const BCRYPT_HASH = "$2b$06$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2";

export interface ReportedLine {
  readonly line: number;
  readonly field: string | null;
  readonly reason: string;
}

/** Files of users, and the commands that read and write them on one database. */
export interface UserFiles {
  pathOf(name: string): string;
  /** A file of one line each; text stays as it is. */
  write(lines: readonly (object | string)[]): Promise<string>;
  run(words: readonly string[], options?: Omit<CommandOptions, "env">): Promise<CommandResult>;
  /** With a report, which comes back parsed. */
  importFile(path: string, ...words: string[]): Promise<CommandResult & { readonly report: readonly ReportedLine[] }>;
  remove(): Promise<void>;
}

export async function openUserFiles(database: TestDatabase, gatewayYaml = "{}"): Promise<UserFiles> {
  const folder = await mkdtemp(join(tmpdir(), "gateway-users-"));
  let files = 0;
  const pathOf = (name: string) => join(folder, name);
  await writeFile(pathOf("gateway.yaml"), gatewayYaml);
  const env = { DATABASE_URL: database.url, SECRET: TEST_SECRET, GATEWAY_CONFIG: pathOf("gateway.yaml") };
  const run = (words: readonly string[], options: Omit<CommandOptions, "env"> = {}) => runCommand(words, { ...options, env });

  return {
    pathOf,
    run,
    async write(lines) {
      files += 1;
      const path = pathOf(`users-${files}.ndjson`);
      await writeFile(path, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
      return path;
    },
    async importFile(path, ...words) {
      const reportPath = `${path}.report`;
      const result = await run(["import-users", "--report", reportPath, ...words, path]);
      const lines = (await readFile(reportPath, "utf8")).split("\n").filter((line) => line !== "");
      return { ...result, report: lines.map((line) => JSON.parse(line)) };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
