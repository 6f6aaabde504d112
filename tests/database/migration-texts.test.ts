import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Since then each change of a table that is there already lets others write; before that some did not. */
const FIRST = "0014";
/** Rows of these live for days at most, so they are few: a plain index on one, or a plain constraint, takes a moment. */
const small = new Set(["one_time_tokens", "session_ends"]);
/** Entries that were there before it are not rewritten, and so it is never validated. */
const neverValidated = ["audit_events_type_known"];

const folder = new URL("../../drizzle/", import.meta.url);

interface Change {
  readonly migration: string;
  readonly statement: string;
}

/** Without comments. */
function readText(migration: string): string {
  return readFileSync(new URL(migration, folder), "utf8").replaceAll(/^\s*--(?!>).*$/gm, "");
}

function readTexts(migration: string): string[] {
  const statements = readText(migration).split("--> statement-breakpoint");
  return statements.map((statement) => statement.trim());
}

/** What changes a table that is there already and may be large. */
function readChanges(): Change[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".sql") && name >= FIRST)
    .sort();
  return names.flatMap((migration) => {
    const text = readText(migration);
    const isSettled = new Set([
      ...small,
      ...[...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?"auth"\."(\w+)"/g)].map(([, table]) => table),
    ]);
    return readTexts(migration)
      .filter((statement) => !isSettled.has(/^(?:ALTER TABLE|CREATE .*?INDEX .*? ON) "auth"\."(\w+)"/.exec(statement)?.[1]))
      .map((statement) => ({ migration, statement }));
  });
}

const changes = readChanges();
const shown = ({ migration, statement }: Change) => `${migration}: ${statement.slice(0, 100)}`;

test("an index on a table that is there already is built beside those who write", () => {
  const built = changes.filter(({ statement }) => /^CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY )/.test(statement));
  expect(built.map(shown)).toEqual([]);
});

const added = changes.filter(({ statement }) => /ADD CONSTRAINT "\w+" (?:CHECK|FOREIGN KEY)/.test(statement));

test("a constraint on a table that is there already looks at no row when it is added", () => {
  expect(added.length).toBeGreaterThan(0);
  expect(added.filter(({ statement }) => !/NOT VALID;?$/.test(statement)).map(shown)).toEqual([]);
});

test("such a constraint is validated by a later migration", () => {
  const names = [...new Set(added.flatMap(({ statement }) => [...statement.matchAll(/ADD CONSTRAINT "(\w+)"/g)].map(([, name]) => name)))];
  const isValidated = (name: string | undefined) =>
    changes.some(
      ({ migration, statement }) =>
        statement.includes(`VALIDATE CONSTRAINT "${name}"`) &&
        added.some((one) => one.migration < migration && one.statement.includes(`"${name}"`)),
    );
  expect(names.filter((name) => !isValidated(name))).toEqual(neverValidated);
});

/** Of a migration's statements: what is copied from a table that may be large, and where to. */
const copies = changes.flatMap(({ migration, statement }) => {
  const [, to, from = ""] = /^INSERT INTO "auth"\."(\w+)"[\s\S]*? FROM "auth"\."(\w+)"/.exec(statement) ?? [];
  return to === undefined || small.has(from) ? [] : [{ migration, to }];
});

test("a migration that copies a large table takes it from its readers only when the copy and its indexes are made", () => {
  expect(copies.length).toBeGreaterThan(0);
  const late = copies.flatMap(({ migration, to }) => {
    const texts = readTexts(migration);
    const taken = texts.findIndex((text) => text.startsWith("ALTER TABLE") && !text.startsWith(`ALTER TABLE "auth"."${to}"`));
    const fills = new RegExp(`^(?:INSERT INTO|CREATE .*INDEX .* ON) "auth"\\."${to}"`);
    return taken === -1 ? [] : texts.slice(taken).filter((text) => fills.test(text));
  });
  expect(late).toEqual([]);
});
