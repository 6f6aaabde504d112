import postgres from "postgres";
import { readSpreadState } from "../../../src/database/spread/citus.ts";
import { spreadTable } from "../../../src/database/spread/spread-tables.ts";

/** The nodes of a Citus, each by the address of a database of its own: the coordinator first. */
export type CitusNodes = readonly [string, ...string[]];

/**
 * `TEST_CITUS_URL`: the coordinator's address, and those of its workers:
 * `postgres://user@host:port/postgres?workers=host:port,host:port`.
 */
export function readCitusNodes(text: string | undefined): CitusNodes | undefined {
  if (text === undefined || text === "") return undefined;
  const coordinator = new URL(text);
  const workers = coordinator.searchParams.get("workers")?.split(",") ?? [];
  coordinator.search = "";
  const at = (host: string) => Object.assign(new URL(coordinator), { host }).href;
  return [coordinator.href, ...workers.map(at)];
}

export function databaseAt(node: string, name: string): string {
  return Object.assign(new URL(node), { pathname: `/${name}` }).href;
}

async function at<Result>(url: string, work: (sql: postgres.Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

/** An empty database of that name on every node, which know each other. */
export async function createCitusDatabase(nodes: CitusNodes, name: string): Promise<string> {
  for (const node of nodes) {
    await at(node, (sql) => sql.unsafe(`create database ${name}`));
    await at(databaseAt(node, name), (sql) => sql`create extension citus`);
  }
  const [coordinator, ...workers] = nodes;
  const url = databaseAt(coordinator, name);
  await at(url, async (sql) => {
    const { hostname, port } = new URL(coordinator);
    await sql`select citus_set_coordinator_host(${hostname}, ${Number(port)})`;
    for (const worker of workers.map((each) => new URL(each))) await sql`select citus_add_node(${worker.hostname}, ${Number(worker.port)})`;
  });
  return url;
}

/** What the command `spread` does, with so few shards that a test database takes no longer than it must. */
export async function spreadForTests(url: string, schema: string): Promise<void> {
  await at(url, async (sql) => {
    await sql`set citus.shard_count = 4`;
    const state = await readSpreadState(sql, schema);
    if (state.kind === "refused") throw new Error(state.problem);
    for (const table of state.tables.filter(({ isThere }) => !isThere)) await spreadTable(sql, schema, table);
  });
}

/** So that the database can be cloned: nobody is connected to it, not even Citus itself. */
export async function closeToAll(nodes: CitusNodes, name: string): Promise<void> {
  for (const node of nodes) {
    await at(node, async (sql) => {
      await sql.unsafe(`alter database ${name} allow_connections false`);
      await sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${name}`;
    });
  }
}
