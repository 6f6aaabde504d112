import type postgres from "postgres";
import { readJournal } from "../migrations/journal.ts";
import { listMigrations } from "../migrations/migration-files.ts";
import { type Place, places } from "./places.ts";

/** A table, where it belongs, and whether it is there. */
export interface PlacedTable {
  readonly name: string;
  readonly place: Place;
  readonly isThere: boolean;
  /** What it takes on disk, as people read it; undefined where it is there. */
  readonly size: string | undefined;
}

export type SpreadState =
  /** What has to be done before anything can be spread. */
  | { readonly kind: "refused"; readonly problem: string }
  | { readonly kind: "ready"; readonly tables: readonly PlacedTable[]; readonly nodes: number };

const refuse = (problem: string): SpreadState => ({ kind: "refused", problem });

/** Asks the database what it is, and which of its tables are where they belong. */
export async function readSpreadState(sql: postgres.Sql, schema: string): Promise<SpreadState> {
  if (!(await hasCitus(sql)))
    return refuse(`The database of DATABASE_URL has no Citus. Put it into shared_preload_libraries, restart PostgreSQL, and run
CREATE EXTENSION citus in the database, on the coordinator and on each worker: docs/operate/growing.md.`);
  const nodes = await readNodes(sql);
  if (nodes.isWorker) return refuse("DATABASE_URL leads to a worker of Citus. Give it the address of the coordinator.");
  if (!nodes.hasCoordinator)
    return refuse(`The workers do not know the coordinator. Run there, with the address at which they reach it:
SELECT citus_set_coordinator_host('coordinator.example.com', 5432);`);
  if (nodes.taking === 0)
    return refuse("No node takes rows. Add workers on the coordinator: SELECT citus_add_node('worker.example.com', 5432);");
  const applied = await readJournal(sql, schema);
  const missing = listMigrations().filter((name) => applied?.has(name) !== true);
  if (missing.length > 0) return refuse(`The schema ${schema} lacks ${missing.length} migrations. Run the command migrate first.`);
  return readTables(sql, schema, nodes.taking);
}

/** Whether the extension is in this database. */
export async function hasCitus(sql: postgres.Sql): Promise<boolean> {
  const [found] = await sql`select from pg_catalog.pg_extension where extname = 'citus'`;
  return found !== undefined;
}

async function readNodes(sql: postgres.Sql): Promise<{ isWorker: boolean; hasCoordinator: boolean; taking: number }> {
  const [row] = await sql<{ is_worker: boolean; has_coordinator: boolean; taking: number }[]>`
    select (select groupid <> 0 from pg_catalog.pg_dist_local_group) as is_worker,
      coalesce(bool_or(groupid = 0), false) as has_coordinator,
      (count(*) filter (where shouldhaveshards and isactive and noderole = 'primary'))::int as taking
    from pg_catalog.pg_dist_node`;
  return { isWorker: row?.is_worker === true, hasCoordinator: row?.has_coordinator === true, taking: row?.taking ?? 0 };
}

interface TableRow {
  name: string;
  /** As Citus says; null for a table that it does not know. */
  kind: string | null;
  distribution_column: string | null;
  size: string;
}

/**
 * Of an installation whose users are spread, the tables that are not where they belong: the command `spread` was cut off, or a new version
 * has brought them. Statements that need two such tables fail. Empty where users are not spread.
 */
export async function findMisplacedTables(sql: postgres.Sql, schema: string): Promise<readonly string[]> {
  if (!(await hasCitus(sql))) return [];
  const found = await readPlaces(sql, schema);
  if (found.get("users")?.kind !== "distributed") return [];
  return Object.entries<Place>(places)
    .filter(([name, place]) => {
      const row = found.get(name);
      return row !== undefined && !isInPlace(row, place);
    })
    .map(([name]) => name);
}

/** Each table of the schema, by its name. */
async function readPlaces(sql: postgres.Sql, schema: string): Promise<ReadonlyMap<string, TableRow>> {
  const rows = await sql<TableRow[]>`
    select tables.relname as name, known.citus_table_type as kind, known.distribution_column,
      pg_size_pretty(pg_total_relation_size(tables.oid)) as size
    from pg_catalog.pg_class as tables
    join pg_catalog.pg_namespace as schemas on schemas.oid = tables.relnamespace
    left join citus_tables as known on known.table_name = tables.oid
    where schemas.nspname = ${schema} and tables.relkind in ('r', 'p') and not tables.relispartition`;
  return new Map(rows.map((row) => [row.name, row]));
}

async function readTables(sql: postgres.Sql, schema: string, nodes: number): Promise<SpreadState> {
  const found = await readPlaces(sql, schema);
  const tables: PlacedTable[] = [];
  for (const [name, place] of Object.entries<Place>(places)) {
    const row = found.get(name);
    if (row === undefined) continue;
    const isThere = isInPlace(row, place);
    if (!isThere && row.kind !== null && row.kind !== "local") {
      return refuse(
        `Citus has ${schema}.${name} as ${row.kind} (${row.distribution_column}) already, and it should be ${describePlace(place)}.`,
      );
    }
    tables.push({ name, place, isThere, size: isThere ? undefined : row.size });
  }
  return { kind: "ready", tables, nodes };
}

function isInPlace({ kind, distribution_column }: TableRow, place: Place): boolean {
  if (place.kind === "spread") return kind === "distributed" && distribution_column === place.column;
  return place.kind === "everywhere" ? kind === "reference" : kind === null || kind === "local";
}

export function describePlace(place: Place): string {
  if (place.kind === "everywhere") return "a copy on every node";
  if (place.kind === "coordinator") return "on the coordinator";
  return place.beside === undefined ? `spread by ${place.column}` : `spread by ${place.column}, beside ${place.beside}`;
}
