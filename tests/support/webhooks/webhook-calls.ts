import { createPayloads } from "../../../src/outbox/outbox.ts";
import { TEST_SECRET, type TestGateway } from "../gateway.ts";

export interface KeptCall {
  readonly id: string;
  readonly url: string;
  readonly type: string;
  readonly userId: string | null;
  readonly body: { readonly type: string; readonly timestamp: string; readonly data: Readonly<Record<string, unknown>> };
}

/** Every call that waits in the outbox, about one user where it is said; oldest first. */
export async function keptCalls({ database }: Pick<TestGateway, "database">, userId?: string): Promise<KeptCall[]> {
  const payloads = createPayloads([TEST_SECRET]);
  const rows = await database.sql`
    select * from outbox where channel = 'webhook' and (user_id = ${userId ?? null} or ${userId === undefined}) order by id`;
  return rows.map((row) => {
    const message = payloads.open(row.encrypted_payload, row.id);
    if (message?.channel !== "webhook" || message.type !== row.topic) throw new Error("a row of the outbox is no call");
    return { id: row.id, url: message.url, type: message.type, userId: row.user_id, body: JSON.parse(message.body) };
  });
}
