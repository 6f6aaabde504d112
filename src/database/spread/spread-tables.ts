import type postgres from "postgres";
import type { PlacedTable } from "./citus.ts";

/**
 * Takes a table to where it belongs, with its rows, in one transaction: where that is cut off, it has not happened. Whoever writes to the
 * table waits meanwhile.
 */
export async function spreadTable(sql: postgres.Sql, schema: string, { name, place }: PlacedTable): Promise<void> {
  const table = `${schema}.${name}`;
  if (place.kind === "everywhere") await sql`select create_reference_table(${table})`;
  if (place.kind !== "spread") return;
  const beside = place.beside === undefined ? "none" : `${schema}.${place.beside}`;
  await sql`select create_distributed_table(${table}, ${place.column}, colocate_with => ${beside})`;
}

/** What is left of a table's rows where they were before. Nobody reads them any more; they only take space. */
export async function dropLeftovers(sql: postgres.Sql, schema: string, tables: readonly PlacedTable[]): Promise<void> {
  for (const { name, place } of tables) {
    if (place.kind === "coordinator") continue;
    const table = `${schema}.${name}`;
    const [left] = await sql`select from pg_catalog.pg_class where oid = ${table}::regclass and pg_relation_size(oid) > 0`;
    if (left !== undefined) await sql`select truncate_local_data_after_distributing_table(${table}::regclass)`;
  }
}
