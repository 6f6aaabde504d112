import { Writable } from "node:stream";
import type { PasswordEngine } from "../../src/auth/passwords/password-engine.ts";
import { parseConfig } from "../../src/config/config.ts";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { createLogger } from "../../src/http/logger.ts";
import { createGateway, type Gateway } from "../../src/start/gateway.ts";
import { type AuthFieldsFragment, LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { type Client, createClient, dataOf } from "./client.ts";
import { createTestClock, type TestClock } from "./clock.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";

export const PASSWORD = "a long walk by the sea";
export const TEST_SECRET = "a secret of the tests that is long enough";
export const ISSUER = "https://auth.test";

export interface TestGateway extends Gateway, Client {
  readonly url: string;
  readonly database: TestDatabase;
  readonly clock: TestClock;
  /** What was logged, parsed. */
  readonly logs: readonly Record<string, unknown>[];
  /** A new user with a session. */
  register(): Promise<AuthFieldsFragment>;
  login(email: string, password?: string): Promise<AuthFieldsFragment>;
  /** A new user with the admin role and a session that carries it. */
  registerAdmin(): Promise<AuthFieldsFragment>;
}

export interface TestGatewayOptions {
  /** Environment variables on top of the tests' own. */
  readonly env?: Record<string, string>;
  /** The text of `gateway.yaml`. */
  readonly gatewayYaml?: string;
  /** Shared by several gateways; its maker drops it. */
  readonly database?: TestDatabase;
  readonly clock?: TestClock;
  readonly passwordEngine?: PasswordEngine;
}

let users = 0;
export function newEmail(): string {
  users += 1;
  return `user-${process.pid}-${users}@example.com`;
}

/** A whole gateway on a free port, on a database of its own unless one is given. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const database = options.database ?? (await createTestDatabase());
  const clock = options.clock ?? createTestClock();
  const logs: Record<string, unknown>[] = [];
  const env = { PORT: "0", ISSUER, SECRET: TEST_SECRET, ...options.env };
  const file = options.gatewayYaml === undefined ? undefined : { path: "gateway.yaml", text: options.gatewayYaml };
  const config = parseConfig(env, file);
  const [secret = TEST_SECRET, ...olderSecrets] = config.secrets ?? [];
  await migrateDatabase(config.database.directUrl ?? database.url);
  const gateway = await createGateway(config, {
    databaseUrl: database.url,
    secrets: [secret, ...olderSecrets],
    logger: createLogger({ level: "info", destination: collect(logs) }),
    clock: clock.now,
    ...(options.passwordEngine === undefined ? {} : { passwordEngine: options.passwordEngine }),
  });
  const url = await gateway.app.listen({ port: 0, host: "127.0.0.1" });
  const client = createClient(url);

  const register = async () => dataOf(await client.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } })).register;
  const login = async (email: string, password = PASSWORD) =>
    dataOf(await client.send(LoginDocument, { input: { email, password } })).login;
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
    close,
    register,
    login,
    async registerAdmin() {
      const { user } = await register();
      await database.sql`update users set roles = '{user,admin}' where id = ${user.id}`;
      return login(user.email);
    },
  };
}

function collect(logs: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split("\n")) logs.push(JSON.parse(line));
      done();
    },
  });
}
