import { createEraseAccounts } from "../../../src/auth/accounts/leaving/erase-accounts.ts";
import { createSecureRandom } from "../../../src/core/random.ts";
import { openDatabase } from "../../../src/database/open-database.ts";
import { createTestTransact } from "../databases/transact.ts";
import { SCHEMA } from "../raw-client.ts";

/**
 * Erases what is due at an instant, in a process of its own, which may be killed at any moment: `erasing-process.ts DATABASE_URL INSTANT`.
 */
const [url = "", instant = ""] = process.argv.slice(2);
const { database, close } = openDatabase({ url, schema: SCHEMA, poolSize: 2 });
const [clock, random] = [() => new Date(instant), createSecureRandom()];
const transact = createTestTransact({ database, clock, random });
process.stdout.write(`${await createEraseAccounts({ database, transact, clock, random })()}\n`);
await close();
