import type postgres from "postgres";
import { createPurge } from "../../src/auth/purge/purge.ts";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { openRawClient, SCHEMA } from "../../tests/support/raw-client.ts";
import { createDatabaseOn } from "../machine/database.ts";
import { openDatabaseMeter } from "../machine/database-cost.ts";
import type { Ground } from "../machine/fleet.ts";
import type { Verdict } from "../verdicts.ts";

const SIZES = [0, 1_000_000, 10_000_000];
/** How many come, and go, in one round. */
const ROUND = 100_000;
const ROUNDS = 10;
const MILLISECONDS_APART = 1;
/** So many come and go in a second of a large installation. */
const BUSY = 1000;
/** Of one core, for purging as many. */
const AIM_SHARE = 0.1;

/** What so many events have cost PostgreSQL, for each. */
interface Cost {
  readonly microseconds: number;
  readonly walBytes: number;
}

/** What an event costs in audit trails of several sizes, what it costs to purge it, and whether a trail that is purged stays as large. */
export async function benchmarkAuditGrowth({ serverUrl, cleanup }: Ground): Promise<readonly Verdict[]> {
  const { url } = await cleanup.hold(createDatabaseOn(serverUrl), ({ close }) => close());
  await migrateDatabase(url, SCHEMA);
  const sql = openRawClient(url);
  cleanup.add(() => sql.end());
  const start = Date.now() - 2 * (SIZES.at(-1) ?? 0) * MILLISECONDS_APART;
  const insert = await openInserter(sql, start);
  const measure = await openMeasure(url, sql);
  let events = 0;
  for (const size of SIZES) {
    if (size > events) await insert(events, size - events);
    await sql`vacuum analyze audit_events`;
    print(`an event more, after ${size}`, await measure(() => insert(size, ROUND)));
    events = size + ROUND;
  }
  const kept = events;
  const { database, close } = openDatabase({ url, schema: SCHEMA, poolSize: 2 });
  cleanup.add(close);
  const instantOf = (number: number) => new Date(start + number * MILLISECONDS_APART);
  const purge = createPurge({ database, clock: () => instantOf(events) }, { auditRetentionSeconds: (kept * MILLISECONDS_APART) / 1000 });
  const before = await sizesOf(sql);
  const costs: Cost[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await insert(events, ROUND);
    events += ROUND;
    costs.push(await measure(async () => void (await purge())));
    if (round % 3 === 2) await sql`vacuum audit_events`;
  }
  const after = await sizesOf(sql);
  const cost = mean(costs);
  print("an event purged", cost);
  process.stdout.write(
    `${ROUNDS * ROUND} came and went: table ${before.table} → ${after.table}, indexes ${before.indexes} → ${after.indexes}\n\n`,
  );
  const share = (cost.microseconds * BUSY) / 1e6;
  return [
    {
      job: `purging ${BUSY} audit events a second`,
      figure: `${(share * 100).toFixed(1)} % of a core`,
      beside: "",
      ratio: "",
      aim: `< ${AIM_SHARE * 100} %`,
      isHeld: share < AIM_SHARE,
    },
  ];
}

/** Mostly refreshes, of 10,000 users with two sessions each. */
async function openInserter(sql: postgres.Sql, start: number) {
  await sql.unsafe(`create function pg_temp.id_of(number bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex(${start}::bigint + number * ${MILLISECONDS_APART}), 12, '0')
      || '70008' || lpad(to_hex(number), 15, '0'))::uuid $$`);
  return async (from: number, count: number) => {
    await sql.unsafe(`
      insert into audit_events (id, type, occurred_at, user_id, actor_id, session_id, ip_address, user_agent, succeeded)
      select pg_temp.id_of(number), case when number % 10 = 2 then 'LOGIN_SUCCEEDED' else 'TOKEN_REFRESHED' end,
        to_timestamp((${start} + number * ${MILLISECONDS_APART}) / 1000.0), pg_temp.id_of(number % 10000), pg_temp.id_of(number % 10000),
        pg_temp.id_of(number % 20000), '192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64)', true
      from generate_series(${from + 1}::bigint, ${from + count}) as number`);
  };
}

/** Of work that is about one round of events. */
async function openMeasure(url: string, sql: postgres.Sql) {
  const meter = openDatabaseMeter(url);
  const written = async () => Number((await sql`select pg_current_wal_lsn() - '0/0' as bytes`)[0]?.bytes);
  return async (work: () => Promise<void>): Promise<Cost> => {
    const before = { seconds: await meter.read(), bytes: await written() };
    await work();
    const seconds = (await meter.read()) - before.seconds;
    return { microseconds: (seconds * 1e6) / ROUND, walBytes: ((await written()) - before.bytes) / ROUND };
  };
}

async function sizesOf(sql: postgres.Sql): Promise<{ readonly table: string; readonly indexes: string }> {
  const [row] = await sql`
    select pg_size_pretty(pg_table_size('audit_events')) as table, pg_size_pretty(pg_indexes_size('audit_events')) as indexes`;
  return { table: String(row?.table), indexes: String(row?.indexes) };
}

function mean(costs: readonly Cost[]): Cost {
  const of = (name: keyof Cost) => costs.reduce((sum, cost) => sum + cost[name], 0) / costs.length;
  return { microseconds: of("microseconds"), walBytes: of("walBytes") };
}

function print(what: string, { microseconds, walBytes }: Cost): void {
  process.stdout.write(`${what.padEnd(32)}${microseconds.toFixed(1)} µs of PostgreSQL, ${walBytes.toFixed(0)} bytes of its log\n`);
}
