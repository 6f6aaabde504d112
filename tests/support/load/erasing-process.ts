import { createEraseAccounts } from "../../../src/auth/accounts/leaving/erase-accounts.ts";
import { createAudit } from "../../../src/auth/audit/audit.ts";
import { createSecureRandom } from "../../../src/core/random.ts";
import { openDatabase } from "../../../src/database/open-database.ts";
import { SCHEMA } from "../raw-client.ts";

/** Erases what is due at an instant, in a process of its own, which may be killed at any moment: `erasing-process.ts DATABASE_URL INSTANT`. */
const [url = "", instant = ""] = process.argv.slice(2);
const { database, close } = openDatabase({ url, schema: SCHEMA, poolSize: 2 });
const [clock, random] = [() => new Date(instant), createSecureRandom()];
const audit = createAudit({ database, clock, random, log: () => undefined });
process.stdout.write(`${await createEraseAccounts({ database, audit, clock, random })()}\n`);
await close();
