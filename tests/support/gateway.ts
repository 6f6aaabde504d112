import { readFileSync } from "node:fs";
import { Writable } from "node:stream";
import { loadPasswordEngine, type PasswordEngine } from "../../src/auth/passwords/password-engine.ts";
import { parseConfig } from "../../src/config/config.ts";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { createGateway, type Gateway } from "../../src/start/gateway.ts";
import { prepare } from "../../src/start/prepared.ts";
import type { Wait } from "../../src/start/upkeep/upkeep.ts";
import { createLogger } from "../../src/telemetry/logger.ts";
import { type Client, createClient } from "./client.ts";
import { createTestClock, type TestClock } from "./clock.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { highLimitsFile } from "./limits.ts";
import { SCHEMA } from "./raw-client.ts";
import { createSignIn, type SignIn } from "./sign-in.ts";

export const TEST_SECRET = "a secret of the tests that is long enough";
export const ISSUER = "https://auth.test";

export interface TestGateway extends Gateway, Client, SignIn {
  readonly url: string;
  readonly database: TestDatabase;
  readonly clock: TestClock;
  /** What was logged, parsed; without the messages that development shows there, whenever they come. */
  readonly logs: readonly Record<string, unknown>[];
  /** Those messages. */
  readonly shownMails: readonly Record<string, unknown>[];
}

export interface TestGatewayOptions {
  /** Environment variables on top of the tests' own. */
  readonly env?: Record<string, string>;
  /** The text of `gateway.yaml`. */
  readonly gatewayYaml?: string;
  /**
   * Its section `limits`, such as `{ default: { max: 3, window: 1m } }`; `{}` for those of the product. Absent: none that a test reaches.
   */
  readonly limits?: string;
  /** Shared by several gateways; its maker drops it. */
  readonly database?: TestDatabase;
  readonly clock?: TestClock;
  /** Absent: argon2id as it is, at a thousandth of its price. What is about hashes pays it: `fullHashing`. */
  readonly passwordEngine?: PasswordEngine;
  /** Between two runs of a chore. */
  readonly wait?: Wait;
  /** `info` unless given. */
  readonly logLevel?: "debug";
  /** So many times as much as the product's own limits; 1 unless given. */
  readonly limitFactor?: number;
}

/** Environment of a gateway whose hashes are the product's own. */
export const fullHashing = { HASHING_MEMORY: "19456" };

const cheapEngine = loadPasswordEngine({ memoryKibibytes: 32, iterations: 1, parallelism: 1 });

/** A third of the work of a start, and the same for all. */
const prepared = prepare();

/** A whole gateway on a free port, on a database of its own unless one is given. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const database = options.database ?? (await createTestDatabase());
  const clock = options.clock ?? createTestClock();
  const logs: Record<string, unknown>[] = [];
  const shownMails: Record<string, unknown>[] = [];
  const env = { PORT: "0", ISSUER, SECRET: TEST_SECRET, ...options.env };
  const limits = options.limits === undefined ? readFileSync(highLimitsFile, "utf8") : `limits: ${options.limits}\n`;
  const file = { path: "gateway.yaml", text: limits + (options.gatewayYaml ?? "") };
  const config = parseConfig(env, file);
  const paysFully = Object.keys(env).some((name) => name.startsWith("HASHING_"));
  const passwordEngine = options.passwordEngine ?? (paysFully ? undefined : await cheapEngine);
  const [secret = TEST_SECRET, ...olderSecrets] = config.secrets ?? [];
  // A clone of the template has been migrated.
  if (options.database !== undefined || config.database.schema !== SCHEMA) {
    await migrateDatabase(config.database.directUrl ?? database.url, config.database.schema);
  }
  const gateway = await createGateway(config, {
    databaseUrl: database.url,
    secrets: [secret, ...olderSecrets],
    logger: createLogger({ level: options.logLevel ?? "info", destination: collect(logs, shownMails) }),
    clock: clock.now,
    stopwatch: () => clock.now().getTime(),
    limitFactor: options.limitFactor ?? 1,
    wait: options.wait,
    prepared: await prepared,
    // Nothing here is about time: on a busy machine Redis may take longer than a caller would wait.
    redisDeadlineMilliseconds: 2000,
    ...(passwordEngine === undefined ? {} : { passwordEngine }),
  });
  const url = await gateway.app.listen({ port: 0, host: "127.0.0.1" });
  const client = createClient(url);

  async function close(): Promise<void> {
    await gateway.close();
    if (options.database === undefined) await database.drop();
  }
  return {
    ...gateway,
    ...client,
    url,
    database,
    clock,
    logs,
    shownMails,
    close,
    ...createSignIn(client, database),
  };
}

function collect(logs: Record<string, unknown>[], shownMails: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const text of chunk.toString().trim().split("\n")) {
        const line: Record<string, unknown> = JSON.parse(text);
        ("mail" in line ? shownMails : logs).push(line);
      }
      done();
    },
  });
}
