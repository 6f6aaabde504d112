import type { TestGateway } from "../gateway.ts";

/** As a script leaves them that signs in over and over, where nothing limits how many there are. */
export async function addSessions(gateway: Pick<TestGateway, "database" | "clock">, userId: string, count: number): Promise<void> {
  const now = gateway.clock.now();
  const later = new Date(now.getTime() + 3_600_000);
  await gateway.database.sql`
    insert into sessions (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at, access_expires_at)
    select gen_random_uuid(), ${userId}, '\\x00', '\\x00', ${now}, ${now}, ${later}, ${later}, ${later}
      from generate_series(1, ${count}::int)`;
}
