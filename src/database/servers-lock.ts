import type postgres from "postgres";

/**
 * Every server of a database has this lock, shared, for as long as it listens; the command that spreads tables has it alone. So each can be
 * found by whatever name it connects. It keeps nobody waiting: whoever does not get it goes on, or says why not.
 */
const NAME = "graphql-auth-gateway servers";

/** For as long as the connection lives. False while the other kind has it. */
export async function tryServersLock(sql: postgres.Sql, { alone = false } = {}): Promise<boolean> {
  const [row] = alone
    ? await sql`select pg_try_advisory_lock(hashtextextended(${NAME}, 0)) as taken`
    : await sql`select pg_try_advisory_lock_shared(hashtextextended(${NAME}, 0)) as taken`;
  return row?.taken === true;
}

/** Of servers, by their lock, and of whatever goes by the names of our servers: one of before has no such lock. In whatever schema. */
export async function countServerConnections(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ connections: number }[]>`
    with servers as (select hashtextextended(${NAME}, 0) as key)
    select count(*)::int as connections from (
      select pid from pg_catalog.pg_stat_activity
      where datname = current_database() and application_name in ('graphql-auth-gateway', 'graphql-auth-gateway revocations')
      union
      select pid from pg_catalog.pg_locks, servers
      where locktype = 'advisory' and database = (select oid from pg_catalog.pg_database where datname = current_database())
        and (classid::bigint << 32 | objid::bigint) = key and objsubid = 1 and pid <> pg_backend_pid()
    ) as connected`;
  return row?.connections ?? 0;
}
