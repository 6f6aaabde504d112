import type { ISql } from "postgres";

/** Of a connection, or of a transaction. */
type Sql = ISql<Record<never, never>>;

/** Everything that the database holds, table by table, as text. */
export async function dump(sql: Sql): Promise<Map<string, string>> {
  const tables = await sql`select table_name from information_schema.tables where table_schema = 'auth' and table_type = 'BASE TABLE'`;
  const texts = new Map<string, string>();
  for (const { table_name } of tables) {
    const rows = await sql`select to_jsonb(t) as row from ${sql(table_name)} as t`;
    texts.set(table_name, JSON.stringify(rows));
  }
  return texts;
}

export const tablesWith = (texts: ReadonlyMap<string, string>, secret: string) =>
  [...texts].filter(([, text]) => text.toLowerCase().includes(secret.toLowerCase())).map(([name]) => name);

/** Whatever says whose it is: a new table has to have a row before anybody is erased, or nobody knows whether that goes. */
export async function findTablesOfUsers(sql: Sql): Promise<string[]> {
  const columns = await sql<{ table_name: string }[]>`
    select table_name from information_schema.columns where table_schema = 'auth' and column_name = 'user_id'`;
  return columns.map(({ table_name }) => table_name);
}
