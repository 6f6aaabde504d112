import { createTestDatabase } from "../database.ts";
import { startTestGateway, type TestGateway } from "../gateway.ts";
import { type StatementTap, tapStatements } from "./statement-tap.ts";

export interface TappedGateway extends TestGateway {
  readonly tap: StatementTap;
}

/** A gateway on a database of its own, whose statements can be listened to. `database` is the one behind the tap. */
export async function startTappedGateway(): Promise<TappedGateway> {
  const database = await createTestDatabase();
  const tap = await tapStatements(database.url);
  const gateway = await startTestGateway({ database: { ...database, url: tap.url } });
  async function close(): Promise<void> {
    await gateway.close();
    await tap.close();
    await database.drop();
  }
  return { ...gateway, database, tap, close };
}
