import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Fails where a line has more than 140 columns: the formatter wraps code, but neither comments nor strings. In Markdown tables, headings
 * and blocks of code may be longer. Addresses and targets of links do not count, since they cannot be broken.
 */
const MOST_COLUMNS = 140;
const written = execFileSync("git", ["ls-files", "*.ts", "*.mjs", "*.md"], { encoding: "utf8" }).trim().split("\n");
const generated = /^tests\/generated\//;

const long = written.filter((path) => !generated.test(path)).flatMap((path) => longLinesOf(path, readFileSync(path, "utf8")));
if (long.length > 0) throw new Error(`${long.length} lines have more than ${MOST_COLUMNS} columns:\n${long.join("\n")}`);

function longLinesOf(path: string, text: string): string[] {
  const prose = path.endsWith(".md") ? text.replaceAll(/^```[\s\S]*?^```$|^[|#].*$/gm, (left) => left.replaceAll(/.+/g, "")) : text;
  return prose.split("\n").flatMap((line, index) => (columnsOf(line) > MOST_COLUMNS ? [`${path}:${index + 1}`] : []));
}

function columnsOf(line: string): number {
  return line.replaceAll(/https?:\/\/[^\s"'`)]+|(?<=\])\([^)]+\)/g, "").length;
}
