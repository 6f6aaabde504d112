import { readFileSync } from "node:fs";

/** A file of the repository's root, as text. */
export function readDocument(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
}

/** What stands between `<!-- name -->` and `<!-- /name -->`. */
export function sectionOf(document: string, name: string): string {
  const [, section] = document.split(`<!-- ${name} -->`);
  return section?.split(`<!-- /${name} -->`)[0]?.trim() ?? "";
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** Code that a document shows. */
export interface Block {
  readonly document: string;
  /** Where it begins. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

export function blocksOf(name: string): Block[] {
  const document = readDocument(name);
  return [...document.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = "", 2: text = "" }) => ({
    document: name,
    line: document.slice(0, index).split("\n").length,
    language,
    text,
  }));
}
