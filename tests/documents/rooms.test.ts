import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Each is written into a house of its own, and has to be refused by the rule beside it. */
const probes: readonly (readonly [file: string, imports: string, rule: string])[] = [
  ["billing/probe.ts", "drizzle-orm", "no room"],
  ["billing/probe.ts", "../database/tables/users.ts", "no room"],
  ["probe.ts", "jsonwebtoken", "no room"],
  ["auth/billing/probe.ts", "../sessions/sessions.ts", "no floor of auth"],
  ["auth/probe.ts", "./sessions/sessions.ts", "no floor of auth"],
  ["auth/sessions/probe.ts", "../probe.ts", "floors of auth: sessions"],
  ["auth/users/probe.ts", "../purge/purge.ts", "floors of auth: users"],
  ["core/probe.ts", "../auth/audit/audit.ts", "core"],
  ["config/probe.ts", "../core/errors.ts", "config"],
  ["config/probe.ts", "../mail/own-words.ts", "config"],
  ["database/probe.ts", "fastify", "database"],
  ["database/probe.ts", "../core/errors.ts", "database"],
  ["dev-postgres/probe.ts", "../config/config.ts", "dev-postgres"],
  ["access/probe.ts", "drizzle-orm", "access"],
  ["access/requirements/probe.ts", "../guard/guard-schema.ts", "access/requirements"],
  ["access/guard/probe.ts", "../forwarded/cut.ts", "access/guard"],
  ["outbox/probe.ts", "drizzle-orm", "outbox"],
  ["outbox/probe-store.ts", "../auth/audit/audit.ts", "outbox/**/*-store.ts"],
  ["auth/sessions/probe.ts", "@redis/client", "redis"],
  ["auth/limits/probe.ts", "@redis/client", "redis"],
  ["auth/sessions/probe.ts", "drizzle-orm", "auth"],
  ["auth/sessions/probe.ts", "zod", "auth"],
  ["auth/sessions/probe.ts", "fastify", "auth"],
  ["auth/sessions/probe.ts", "../../database/tables/sessions.ts", "auth"],
  ["auth/sessions/probe.ts", "../../database/open-database.ts", "opening a database"],
  ["auth/sessions/probe-store.ts", "../../database/open-database.ts", "opening a database"],
  ["auth/sessions/probe-store.ts", "graphql", "auth/**/*-store.ts"],
  ["auth/sessions/probe.ts", "../accounts/accounts.ts", "floors of auth: sessions"],
  ["auth/audit/probe.ts", "../work/unit-of-work.ts", "floors of auth: audit"],
  ["auth/work/probe.ts", "../sessions/sessions.ts", "floors of auth: work"],
  ["auth/tokens/probe.ts", "argon2", "auth/tokens"],
  ["auth/passwords/probe.ts", "jsonwebtoken", "auth/passwords"],
  ["auth/users/probe.ts", "../sessions/sessions.ts", "floors of auth: users"],
  ["auth/users/probe-section.ts", "./accounts.ts", "sections"],
  ["gateway/upstreams/probe-section.ts", "graphql", "sections"],
  ["graphql/probe.ts", "../auth/limits/limits-section.ts", "readers of sections"],
  ["mail/probe.ts", "../config/config.ts", "mail"],
  ["hooks/probe.ts", "../graphql/schema.ts", "hooks"],
  ["webhooks/probe.ts", "../outbox/outbox-store.ts", "stores"],
  ["graphql/probe.ts", "drizzle-orm", "graphql"],
  ["graphql/probe.ts", "../http/app.ts", "graphql"],
  ["gateway/probe.ts", "../http/app.ts", "gateway"],
  ["http/probe.ts", "../gateway/plans.ts", "http"],
  ["http/probe.ts", "../auth/sessions/session-store.ts", "stores"],
  ["telemetry/probe.ts", "../start/gateway.ts", "telemetry"],
  ["telemetry/probe.ts", "../database/open-database.ts", "opening a database"],
  ["start/probe.ts", "jsonwebtoken", "start"],
  ["cli/probe.ts", "../http/app.ts", "cli"],
  ["cli/probe.ts", "./nowhere.ts", "unresolved"],
];

interface Rooms {
  readonly forbidden: IForbiddenRuleType[];
  readonly options: ICruiseOptions;
}
const { default: rooms } = (await import(new URL("../../.dependency-cruiser.mjs", import.meta.url).href)) as { readonly default: Rooms };
const nodeModules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const kinds = ["import type {}", "import {}"] as const;
let house: string;
let violations: ICruiseResult["summary"]["violations"];

/** All in one house, each in a file of its own. */
beforeAll(async () => {
  house = mkdtempSync(join(tmpdir(), "rooms-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), text);
  };
  symlinkSync(nodeModules, join(house, "node_modules"));
  for (const [index, [file, imports, rule]] of probes.entries()) {
    if (imports.startsWith(".") && rule !== "unresolved") write(join("src", dirname(file), imports), "export {};\n");
    for (const kind of kinds) write(probeOf(file, index, kind), `${kind} from "${imports}";\n`);
  }
  const options = { ...rooms.options, baseDir: house, validate: true, ruleSet: { forbidden: rooms.forbidden } };
  violations = ((await cruise(["src"], options)).output as ICruiseResult).summary.violations;
});
afterAll(() => rmSync(house, { recursive: true, force: true }));

/** `src/auth/sessions/type-7-probe-store.ts` */
function probeOf(file: string, index: number, kind: (typeof kinds)[number]): string {
  return join("src", dirname(file), `${kind === "import {}" ? "value" : "type"}-${index}-${basename(file)}`);
}

test.each(probes.map(([file, imports, rule], index) => ({ file, imports, rule, index })))(
  "src/$file must not import $imports: $rule",
  ({ file, rule, index }) => {
    for (const kind of kinds) {
      const broken = violations.filter(({ from }) => from === probeOf(file, index, kind)).map((violation) => violation.rule.name);
      expect(broken, kind).toContain(rule);
    }
  },
);

test("statements are sent by stores alone, and by the room of the database", () => {
  const src = fileURLToPath(new URL("../../src/", import.meta.url));
  const senders = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && readFileSync(join(src, file), "utf8").includes("$sql"))
    .filter((file) => !file.endsWith("-store.ts") && !file.startsWith("database/"));
  expect(senders).toEqual([]);
});

test("the rooms of the domain have at most 50 arrows between them", async () => {
  const options = { ...rooms.options, baseDir: fileURLToPath(new URL("../../", import.meta.url)) };
  const { modules } = (await cruise(["src/auth"], options)).output as ICruiseResult;
  const arrows = new Set(
    modules.flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved }) => `${roomOfDomain(source)} → ${roomOfDomain(resolved)}`),
    ),
  );
  const between = [...arrows].map((arrow) => arrow.split(" → ")).filter(([from, to]) => from !== "" && to !== "" && from !== to);
  expect(between).toContainEqual(["sessions", "tokens"]);
  expect(between.length, between.map((arrow) => arrow.join(" → ")).join("\n")).toBeLessThanOrEqual(50);
});

/** `src/auth/sessions/refresh/refresh.ts`: sessions. Empty for what stands in no room of the domain. */
function roomOfDomain(file: string): string {
  return /^src\/auth\/([^/]+)\//.exec(file)?.[1] ?? "";
}

/** Each migration is a file for good, wherever there is one. */
const FOLDERS = ["bench", "docs", "examples", "ops", "packages", "schema", "src", "tests"];

test("no folder has more than 20 files side by side", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const counts = new Map<string, number>();
  for (const folder of FOLDERS.filter((name) => existsSync(join(root, name)))) {
    const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile() && !/node_modules|dist/.test(each.parentPath)))
      counts.set(entry.parentPath, (counts.get(entry.parentPath) ?? 0) + 1);
  }
  expect(counts.size).toBeGreaterThan(50);
  expect([...counts].filter(([, count]) => count > 20)).toEqual([]);
});
