import type postgres from "postgres";

/** What is in a schema, but for the rows: so that two can be compared. */
export async function describeSchema(sql: postgres.Sql, schema: string): Promise<readonly string[]> {
  const rows = await sql<{ fact: string }[]>`
    with relations as (select * from pg_class where relnamespace = ${schema}::regnamespace)
    select concat_ws(' ', 'column', relname, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)) as fact
      from relations join pg_attribute on attrelid = relations.oid and attnum > 0 and not attisdropped
      left join pg_attrdef on adrelid = relations.oid and adnum = attnum where relkind = 'r'
    union all select concat_ws(' ', 'table', relname, relpersistence, reloptions) from relations where relkind = 'r'
    union all select concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid) from pg_index
      join relations on relations.oid = indrelid
    union all select concat_ws(' ', 'constraint', conname, pg_get_constraintdef(pg_constraint.oid)) from pg_constraint
      join relations on relations.oid = conrelid
    union all select pg_get_functiondef(oid) from pg_proc where pronamespace = ${schema}::regnamespace
    order by 1`;
  return rows.map(({ fact }) => fact);
}
