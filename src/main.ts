import { join } from "node:path";
import { parseConfig } from "./config/config.ts";
import { readConfigFile } from "./config/config-file.ts";
import { startEmbeddedPostgres } from "./database/embedded-postgres.ts";
import { createLogger } from "./http/logger.ts";
import { developmentSecret } from "./start/development-secret.ts";
import { explainFailure } from "./start/explain-failure.ts";
import { firstSteps } from "./start/first-steps.ts";
import { createGateway } from "./start/gateway.ts";

async function main(): Promise<void> {
  const config = parseConfig(process.env, readConfigFile(process.env, process.cwd()));
  const logger = createLogger({ level: config.logLevel });
  const directory = join(process.cwd(), ".data");
  const [secret = developmentSecret(directory), ...olderSecrets] = config.secrets ?? [];
  const embedded =
    config.database.url === undefined ? await startEmbeddedPostgres({ directory, log: (line) => logger.info(line) }) : undefined;
  const databaseUrl = config.database.url ?? embedded?.url ?? "";
  const gateway = await createGateway(config, { databaseUrl, secrets: [secret, ...olderSecrets], logger });
  const address = await gateway.app.listen({ port: config.http.port, host: config.http.host });
  logger.info({ address }, "listening");
  if (config.environment === "development")
    process.stdout.write(firstSteps(address.replace(/\/\/(127\.0\.0\.1|\[::1?\]|0\.0\.0\.0)/, "//localhost")));

  let isStopping = false;
  async function stop(signal: string): Promise<void> {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, "stopping");
    await gateway.close();
    await embedded?.stop();
    process.exit(0);
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop(signal));
}

main().catch((error: unknown) => {
  process.stderr.write(`${explainFailure(error)}\n`);
  process.exit(1);
});
