import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { readDocument, sectionOf, table } from "../support/documents.ts";
import { type MetricsPage, readMetrics } from "../support/metrics.ts";
import { type ServerProcess, startServerProcess } from "../support/processes/server-process.ts";

let database: TestDatabase;
let server: ServerProcess;
let printed: MetricsPage;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await startServerProcess({ DATABASE_URL: database.url, WORKERS: "2", METRICS_PORT: "0" });
  printed = await readMetrics(`http://localhost:${/"metricsPort":(\d+)/.exec(server.output())?.[1]}`);
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

/** The metrics that a text names, whatever part of a histogram it means. */
function namesIn(text: string): string[] {
  const words = new Set(text.match(/\b(auth|nodejs|process)_[a-z0-9_]+/g) ?? []);
  return [...new Set([...words].map((word) => (printed.names.includes(word) ? word : word.replace(/_(bucket|sum|count)$/, ""))))].sort();
}

const own = () => printed.names.filter((name) => name.startsWith("auth_"));

test("docs/operate/monitoring.md lists every metric of ours, with its type and what it is", () => {
  const rows = own().map((name) => [`\`${name}\``, printed.types.get(name) ?? "", printed.helps.get(name) ?? ""]);
  expect(rows.length).toBeGreaterThan(10);
  expect(sectionOf(readDocument("docs/operate/monitoring.md"), "metrics")).toBe(table(["metric", "type", "what it is"], rows));
});

test.each(["docs/operate/monitoring.md", "ops/grafana-dashboard.json", "ops/alerts.yaml"])(
  "%s names no metric that is not printed",
  (name) => {
    const names = namesIn(readDocument(name));
    expect(names.length).toBeGreaterThan(5);
    for (const each of names) expect(printed.names).toContain(each);
  },
);

test("the dashboard draws every metric of ours, each expression with the dashboard's own variables", () => {
  const dashboard = readDocument("ops/grafana-dashboard.json");
  expect(namesIn(dashboard)).toEqual(expect.arrayContaining(own()));
  const { panels } = JSON.parse(dashboard) as { panels: { id: number; targets: { expr: string }[] }[] };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { expr } of panels.flatMap(({ targets }) => targets)) expect(expr).toContain('job=~"$job"');
});

test("every alert is well-formed, and explained", () => {
  const { groups } = parse(readDocument("ops/alerts.yaml")) as { groups: { rules: Record<string, unknown>[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  const explained = [...readDocument("docs/operate/monitoring.md").matchAll(/^\| `(AuthGateway\w+)` \|/gm)].map(([, name]) => name);
  expect(rules.map(({ alert }) => alert)).toEqual(explained);
  for (const rule of rules) {
    expect(rule).toMatchObject({
      expr: expect.any(String),
      labels: { severity: expect.any(String) },
      annotations: { summary: expect.any(String) },
    });
    expect(String(rule.expr).split("(").length).toBe(String(rule.expr).split(")").length);
  }
});
