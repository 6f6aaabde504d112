import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildSchema, Kind, parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCommands } from "../../src/cli/commands.ts";
import { readInvocation } from "../../src/cli/invocation.ts";
import { type Block, blocksOf, readDocument } from "../support/documents.ts";

/** What the documents show has to work as it stands there. */
const names = ["README.md", "CONTRIBUTING.md", ...filesIn("docs")];
const blocks = names.flatMap(blocksOf);
const shown = (...languages: readonly string[]) => blocks.filter(({ language }) => languages.includes(language));

function filesIn(folder: string): string[] {
  const files = readdirSync(new URL(`../../${folder}`, import.meta.url), { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".md")).map((file) => `${folder}/${file}`);
}

const titleOf = ({ document, line, language }: Block) => [`${document}:${line} (${language})`] as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gateway-documents-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("every program that is shown", () => {
  test.each(shown("js", "ts").map((block) => [...titleOf(block), block] as const))("%s imports what there is", (_title, { text }) => {
    const modules = [...text.matchAll(/^import (?:.* from )?"([^"]+)"/gm)].map(([, specifier = ""]) => specifier);
    for (const specifier of modules.filter((each) => !each.startsWith("."))) {
      expect(() => import.meta.resolve(specifier), specifier).not.toThrow();
    }
  });

  test.each(shown("js").map((block) => [...titleOf(block), block] as const))("%s is JavaScript", async (_title, { line, text }) => {
    const file = join(folder, `${line}.mjs`);
    await writeFile(file, text);
    await promisify(execFile)(process.execPath, ["--check", file]);
  });
});

/** Programs of others, which are not here; what stands in front of ours is one of them as well. */
const foreignPrograms = new Set(["cp", "curl", "docker", "firebase", "kc.sh", "node", "npm", "psql", "pg_dump", "pg_restore", "createdb"]);

const ownProgram = /(?:npm run (?:--silent )?cli --|npx graphql-auth-gateway|(?<![\w/-])graphql-auth-gateway) ([^`\n]*)/g;

/** The words of a command line as a shell would take it, up to what it sends where. */
function wordsOf(commandLine: string): string[] {
  const [command = ""] = commandLine.split(/ #| [<>|]|&&|\\$/);
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => single ?? double ?? plain ?? "");
}

describe("every command line that is shown", () => {
  const lines = shown("sh").flatMap((block) => block.text.split("\n").map((line) => [...titleOf(block), line] as const));

  test("is one of ours, or of a program that the reader has", () => {
    const first = lines.flatMap(([, line]) => /^([a-z][\w.]*) /.exec(line)?.[1] ?? []);
    expect(first.length).toBeGreaterThan(10);
    const unknown = first.filter((word) => !foreignPrograms.has(word) && !["npx", "graphql", "echo", "for"].includes(word));
    expect(unknown).toEqual([]);
  });

  const inline = names.flatMap((name) => [...readDocument(name).matchAll(/`([^`\n]+)`/g)].map(([, text = ""]) => [name, text] as const));
  const ours = [...lines, ...inline].flatMap(([where, line]) =>
    [...line.matchAll(ownProgram)].map(([, rest = ""]) => [where, rest] as const),
  );

  test.each(ours.filter(([, rest]) => /^[a-z-]/.test(rest)))("%s: %s is a command with its options and arguments", async (_where, rest) => {
    const words = wordsOf(rest);
    const invocation = readInvocation(await loadCommands(words), words.includes("…") ? [words[0] ?? "", "--help"] : words);
    expect(invocation.kind === "mistake" ? invocation.text : "").toBe("");
  });
});

const schema = buildSchema(readDocument("schema/auth.graphql"), { assumeValidSDL: true });

test.each(shown("graphql").map((block) => [...titleOf(block), block] as const))(
  "%s is GraphQL, and fits the schema",
  (_title, { text }) => {
    const { definitions } = parse(text);
    const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    const fragments = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
    for (const operation of operations) {
      const document = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] } as const;
      expect(validate(schema, document).map(({ message }) => message)).toEqual([]);
    }
  },
);

test.each(shown("json").map((block) => [...titleOf(block), block] as const))("%s is JSON", (_title, { text }) => {
  expect(JSON.parse(text.replaceAll("…", ""))).toBeTypeOf("object");
});
