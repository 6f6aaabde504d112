import { LineCounter, parseDocument, type YAMLError } from "yaml";
import { describeFlaw } from "./yaml-flaws.ts";

export interface YamlProblem {
  /** A key path, a line, or nothing: the file as a whole. */
  readonly at: string;
  readonly problem: string;
  readonly example: string;
}

const example = "roles: { support: { scopes: [users:read] } }";

/**
 * Mappings become `Map`s, so that no key (`__proto__`, `constructor`) can mean anything special. yaml's own messages quote the source,
 * which may hold secrets: only what its code means and the line are told.
 */
export function parseYaml(text: string): { content: unknown; problems: YamlProblem[] } {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
    const flaws = [...document.errors, ...document.warnings];
    if (flaws.length > 0) return { content: null, problems: describeFlaws(flaws, { lines, end: text.trimEnd().length }) };
    return { content: document.toJS({ mapAsMap: true, maxAliasCount: 100 }), problems: [] };
  } catch {
    // Too many aliases, or nesting beyond the stack.
    return { content: null, problems: [{ at: "", problem: "nests or repeats itself beyond reason.", example }] };
  }
}

/** A key as part of a path. Quoted and cut where it could break the line that it is told in. */
export function nameKey(key: unknown): string {
  const written = String(key);
  return /^[\w.-]{1,80}$/.test(written) ? written : JSON.stringify(written.slice(0, 80));
}

/**
 * One a line: what follows in the same line is mostly a consequence, but a character that is missing is a cause. What is only missed at the
 * end of the file is told of its last line.
 */
function describeFlaws(flaws: readonly YAMLError[], { lines, end }: { lines: LineCounter; end: number }): YamlProblem[] {
  const byLine = new Map<number, string>();
  for (const { code, pos } of flaws) {
    const { line } = lines.linePos(Math.min(pos[0], Math.max(0, end - 1)));
    const cause = code === "BAD_INDENT" && pos[0] >= end ? "MISSING_CHAR" : code;
    if (!byLine.has(line) || cause === "MISSING_CHAR") byLine.set(line, cause);
  }
  return [...byLine].map(([line, code]) => ({ at: `line ${line}`, problem: describeFlaw(code), example }));
}
