import { createAudit } from "../auth/audit/audit.ts";
import { systemClock } from "../auth/clock.ts";
import { createSecureRandom } from "../auth/random.ts";
import { JWKS_CACHE_SECONDS } from "../auth/tokens/signing-keys.ts";
import { parseConfig } from "../config/config.ts";
import { readConfigFile } from "../config/config-file.ts";
import { openDatabase } from "../database/database.ts";
import { migrateDatabase } from "../database/migrate.ts";
import { createLogger } from "../http/logger.ts";
import { exitOnFailure } from "../start/exit-on-failure.ts";
import { chooseKeys } from "../start/signing-keys.ts";
import { openStorage } from "../start/storage.ts";

const help = `Usage: npm run rotate-keys

Publishes a new signing key in the JWKS. It signs access tokens ${JWKS_CACHE_SECONDS / 60} minutes later, when every cache has it;
tokens of the key before it stay good until they expire. Running servers publish it within half a minute. Reads the same configuration as the server.
`;

async function rotateKeys(): Promise<void> {
  const config = parseConfig(process.env, readConfigFile(process.env, process.cwd()));
  const logger = createLogger({ level: config.logLevel });
  const storage = await openStorage(config, (line) => logger.info(line));
  await migrateDatabase(storage.databaseUrl);
  const { database, close } = openDatabase({ url: storage.databaseUrl, poolSize: 1 });
  const audit = createAudit({
    database,
    clock: systemClock,
    random: createSecureRandom(),
    log: (level, event) => logger[level]({ event }, event.type),
  });
  const keys = chooseKeys(config.tokens, storage.secrets)({ database, audit, clock: systemClock });
  await keys.rotate();
  await close();
  await storage.close();
}

if (process.argv.includes("--help")) process.stdout.write(help);
else exitOnFailure(rotateKeys);
