import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Fails where a line has more than 140 columns: the formatter wraps code, but neither comments nor strings. In Markdown tables, headings
 * and blocks of code may be longer. Addresses and targets of links do not count, since they cannot be broken. Fails as well where a file
 * of code has more than 250 lines. How long a function may be is a rule of the linter's, in biome.json.
 */
const MOST_COLUMNS = 140;
const MOST_LINES = 250;
const written = execFileSync("git", ["ls-files", "*.ts", "*.mjs", "*.md"], { encoding: "utf8" }).trim().split("\n");
const generated = /^tests\/generated\//;
/** One table: what each room may import. */
const longFiles = [".dependency-cruiser.mjs"];

const files = written.filter((path) => !generated.test(path)).map((path) => ({ path, text: readFileSync(path, "utf8") }));
const long = [
  ...files.flatMap(({ path, text }) => longLinesOf(path, text)).map((line) => `${line} has more than ${MOST_COLUMNS} columns`),
  ...files.filter(isLongFile).map(({ path }) => `${path} has more than ${MOST_LINES} lines`),
];
if (long.length > 0) throw new Error(long.join("\n"));

function isLongFile({ path, text }: { readonly path: string; readonly text: string }): boolean {
  if (path.endsWith(".md") || longFiles.includes(path)) return false;
  return text.trimEnd().split("\n").length > MOST_LINES;
}

function longLinesOf(path: string, text: string): string[] {
  const prose = path.endsWith(".md") ? text.replaceAll(/^```[\s\S]*?^```$|^[|#].*$/gm, (left) => left.replaceAll(/.+/g, "")) : text;
  return prose.split("\n").flatMap((line, index) => (columnsOf(line) > MOST_COLUMNS ? [`${path}:${index + 1}`] : []));
}

function columnsOf(line: string): number {
  return line.replaceAll(/https?:\/\/[^\s"'`)]+|(?<=\])\([^)]+\)/g, "").length;
}
