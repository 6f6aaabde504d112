import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { auditEventTable } from "../../src/auth/audit/audit-event-table.ts";
import { auditEventTypes } from "../../src/auth/audit/audit-events.ts";
import { limitNames } from "../../src/auth/limits/limits-section.ts";
import { type Variable, variables } from "../../src/config/environment/variables.ts";
import { sections } from "../../src/config/file/sections.ts";
import { sessionEndReasons } from "../../src/core/session-end-reasons.ts";
import { readDocument, sectionOf, table } from "../support/documents.ts";

function defaultOf(variable: Variable): string {
  if (variable.defaultNote !== undefined) return variable.defaultNote;
  const inProduction = variable.productionDefault === undefined ? "" : `; \`${variable.productionDefault}\` in production`;
  return `\`${variable.default}\`${inProduction}`;
}

test("docs/reference/configuration.md lists every variable, with its default and description", () => {
  const rows = Object.entries<Variable>(variables).map(([name, variable]) => [`\`${name}\``, defaultOf(variable), variable.description]);
  expect(sectionOf(readDocument("docs/reference/configuration.md"), "variables")).toBe(table(["variable", "default", "what it is"], rows));
});

test("docs/reference/configuration.md shows every section of gateway.yaml and each limit's name, as docs/concepts/limits.md does", () => {
  const [, file = ""] = /```yaml\n([\s\S]*?)```/.exec(readDocument("docs/reference/configuration.md")) ?? [];
  for (const section of Object.keys(sections)) expect(file).toMatch(new RegExp(`(^|[ ])${section}:`, "m"));
  for (const text of [file, readDocument("docs/concepts/limits.md")]) {
    const [, limits = ""] = /^limits:.*\n((?: {2}.*\n)+)/m.exec(text) ?? [];
    const names = [...limits.matchAll(/^ {2}([\w.]+):/gm)].map(([, name = ""]) => name).filter((name) => !name.includes("."));
    expect(names.sort()).toEqual([...limitNames].sort());
  }
});

test("docs/reference/audit-events.md lists every type of event, and how its line in the log is marked", () => {
  const rows = auditEventTypes.map((type) => [
    `\`${type}\``,
    auditEventTable[type].level === "warn" ? "40" : "30",
    auditEventTable[type].when,
  ]);
  expect(sectionOf(readDocument("docs/reference/audit-events.md"), "audit events")).toBe(table(["type", "level", "when"], rows));
});

test("docs/concepts/authorization.md names every reason for having no viewer", () => {
  const source = readDocument("src/core/permissions.ts");
  const [, union = ""] = /export type AnonymousReason =([^;]*);/.exec(source) ?? [];
  const reasons = [...union.matchAll(/"([a-z_]+)"/g)].map(([, reason]) => reason);
  expect(reasons.length).toBeGreaterThan(10);
  for (const reason of reasons) expect(readDocument("docs/concepts/authorization.md")).toContain(`\`${reason}\``);
});

test("docs/concepts/sessions-and-refresh-tokens.md says of every reason what ends a session for it", () => {
  const section = sectionOf(readDocument("docs/concepts/sessions-and-refresh-tokens.md"), "end reasons");
  const reasons = [...section.matchAll(/^\| `([A-Z_]+)` \| \S/gm)].map(([, reason]) => reason);
  expect(reasons).toEqual([...sessionEndReasons]);
});

test("docs/concepts/words.md has at most 30 entries, and explains each word once", () => {
  const page = readDocument("docs/concepts/words.md");
  const entries = page.match(/^- \*\*[^*]+\*\*:/gm) ?? [];
  expect(entries.length).toBeGreaterThan(20);
  expect(entries.length).toBeLessThanOrEqual(30);
  const words = [...page.matchAll(/\*\*([^*]+)\*\*/g)].map(([, word = ""]) => word.toLowerCase());
  expect(words.length).toBeGreaterThan(entries.length);
  expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
});

const testLinks = /\[([^\]]+)\]\(\.\.\/\.\.\/(tests\/[\w/-]+\.test\.ts)\)/g;
/** Titles stand in the source as they do in the document; parts of a longer one are parted by ›. */
const testsNamedIn = (text: string) => [...text.matchAll(testLinks)].map(([, title = "", file = ""]) => ({ title, file }));

/** Whether a test or a group of tests is called so: the title of one in a comment is none. */
function isTitleIn(source: string, title: string): boolean {
  const literal = title.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`^ *(?:(?:describe|test)(?:\\.each\\(.*\\))?|[\\]}](?: as const)?\\))\\(\\s*"${literal}",`, "m").test(source);
}

test.each([
  'test("a title", () => {',
  '  describe("a title", () => {',
  'test.each(["a", "b"])("a title", () => {',
  'test.each([\n  "a",\n])("a title", () => {',
  'test.each([\n  "a",\n] as const)("a title", () => {',
])("a title of a test counts: %s", (source) => {
  expect(isTitleIn(source, "a title")).toBe(true);
});

test.each(['// test("a title", () => {', 'expect(of("a title", 1))', 'test.skip("a title", () => {', 'test("not a title", () => {'])(
  "no title of a test that runs: %s",
  (source) => {
    expect(isTitleIn(source, "a title")).toBe(false);
  },
);

describe("docs/design/refresh-tokens.md", () => {
  const page = readDocument("docs/design/refresh-tokens.md");

  test.each(testsNamedIn(page))("names a test that there is: $title", ({ title, file }) => {
    const source = readDocument(file).replaceAll(/\/\*[\s\S]*?\*\//g, "");
    expect(source).not.toMatch(/\b(?:describe|test)\.(?:skip|todo|only)\b/);
    expect(title.split(" › ").filter((part) => !isTitleIn(source, part))).toEqual([]);
  });

  test("names one for each of eight properties, and for the rule about followers", () => {
    const properties = sectionOf(page, "properties").split(/^(?=\d\. )/m);
    expect(properties.map((property) => property.slice(0, 2))).toEqual(["1.", "2.", "3.", "4.", "5.", "6.", "7.", "8."]);
    for (const part of [...properties, sectionOf(page, "follower")]) expect(testsNamedIn(part), part).not.toEqual([]);
  });
});

/** As GitHub makes them: of a heading's text, without its marks; of a repeated one with a number. */
function anchorsOf(document: string): Set<string> {
  const text = document.replaceAll(/^```[\s\S]*?^```$/gm, "");
  const anchors = new Set<string>();
  for (const [, heading = ""] of text.matchAll(/^#+ (.+)$/gm)) {
    const bare = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = bare.replaceAll(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-");
    for (let number = 0; ; number += 1) {
      const numbered = number === 0 ? anchor : `${anchor}-${number}`;
      if (anchors.has(numbered)) continue;
      anchors.add(numbered);
      break;
    }
  }
  return anchors;
}

const root = new URL("../../", import.meta.url);
const inFolder = (folder: string, options: { recursive?: true } = {}) =>
  readdirSync(new URL(folder, root), { encoding: "utf8", ...options }).map((name) => `${folder}${name}`);
const pagesOf = (...names: string[]) => names.filter((name) => name.endsWith(".md"));
const documents = pagesOf(...inFolder("docs/", { recursive: true }));
const pages = [...pagesOf(...inFolder("./"), ...inFolder("packages/verify/")), ...documents];

test("docs/README.md lists every page, once", () => {
  const listed = [...readDocument("docs/README.md").matchAll(/^- \[[^\]]+\]\(([^)#]+)\)/gm)].map(([, link]) => `docs/${link}`);
  expect(listed.sort()).toEqual(documents.filter((name) => name !== "docs/README.md").sort());
});

test("SECURITY.md leads to tests for each chapter of OWASP ASVS 5 but WebRTC", () => {
  const rows = [...readDocument("SECURITY.md").matchAll(/^\| V(\d+) ([^|]+) \|[^|]+\|(.*)\|$/gm)];
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 17 }, (_, index) => index + 1));
  const withoutTests = rows.filter(([, , , tests = ""]) => !/\]\(tests\/[\w/-]+\.test\.ts\)/.test(tests));
  expect(withoutTests.map(([, , name]) => name)).toEqual(["WebRTC"]);
});

test.each(pages)("each link of %s leads to a file that there is, and to a heading of it", (page) => {
  const text = readDocument(page).replaceAll(/^```[\s\S]*?^```$/gm, "");
  const lost = [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const { pathname, hash } = new URL(target, new URL(page, root));
    const path = decodeURIComponent(pathname);
    if (!existsSync(path)) return [target];
    return hash === "" || !path.endsWith(".md") || anchorsOf(readFileSync(path, "utf8")).has(decodeURIComponent(hash.slice(1)))
      ? []
      : [target];
  });
  expect(lost).toEqual([]);
});
