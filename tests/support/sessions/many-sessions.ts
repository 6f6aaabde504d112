import type { TestDatabase } from "../database.ts";

interface Place {
  readonly database: Pick<TestDatabase, "sql">;
  readonly clock: { now(): Date };
}

/** As a script leaves them that signs in over and over, where nothing limits how many there are. Their ids grow with time, from now on. */
export async function addSessions({ database, clock }: Place, userId: string, count: number): Promise<void> {
  const now = clock.now();
  const later = new Date(now.getTime() + 3_600_000);
  await database.sql`
    insert into sessions (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at, access_expires_at)
    select (lpad(to_hex(${now.getTime()}::bigint + number), 12, '0') || '7' || substr(noise, 1, 3) || '8' || substr(noise, 4, 15))::uuid,
      ${userId}, '\\x00', '\\x00', ${now}, ${now}, ${later}, ${later}, ${later}
    from (select number, md5(random()::text) as noise from generate_series(1, ${count}::int) as number) as made`;
}
