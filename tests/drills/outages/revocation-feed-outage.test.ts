import { rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../src/dev-postgres/embedded-postgres.ts";
import { LoginDocument, LogoutDocument, MeFromTokenDocument } from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { makeReachableFolder } from "../../support/folders.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { PASSWORD } from "../../support/sign-in.ts";
import { until } from "../../support/until.ts";
import { startTcpProxy, type TcpProxy } from "../../support/wires/tcp-proxy.ts";

/** The shortest that is allowed, so that nobody waits for long. */
const env = { REVOCATION_MAX_LAG: "1s" };
const SECONDS = 1000;

async function verdictAt(gateway: TestGateway, token: string): Promise<unknown> {
  const { data, errors } = await gateway.send(MeFromTokenDocument, {}, { token });
  return errors[0] === undefined ? data?.me?.id : (errors[0].extensions.reason ?? errors[0].extensions.code);
}

function loggedAt(gateway: TestGateway, text: string): boolean {
  return gateway.logs.some((line) => String(line.msg).includes(text));
}

describe("one process's feed is away, the database is not", () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let a: TestGateway;
  let b: TestGateway;

  beforeEach(async () => {
    database = await createTestDatabase();
    proxy = await startTcpProxy(database.url);
    a = await startTestGateway({ database, env });
    b = await startTestGateway({ database, env: { ...env, DATABASE_URL: database.url, DATABASE_DIRECT_URL: proxy.url } });
  });

  afterEach(async () => {
    await Promise.all([a.close(), b.close()]);
    await proxy.close();
    await database.drop();
  });

  async function logOutAtA(): Promise<string> {
    const { accessToken } = await a.register();
    expect(await verdictAt(b, accessToken)).not.toBe("revoked");
    dataOf(await a.send(LogoutDocument, {}, { token: accessToken }));
    return accessToken;
  }

  test("a connection that PostgreSQL ends comes back, and nothing that was revoked meanwhile is missed", async () => {
    const tokens: string[] = [];
    let terminated = 0;
    // A round finds nothing to end while the feed's connection is away: there are as many as it takes.
    for (let round = 0; round < 10 || terminated < 5; round += 1) {
      const ended = await database.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'graphql-auth-gateway revocations' and datname = current_database()`;
      terminated += ended.length;
      tokens.push(await logOutAtA(), await logOutAtA());
    }
    for (const token of tokens) await until(async () => (await verdictAt(b, token)) === "revoked", SECONDS);
    await until(() => b.auth.revocationFeed.isFresh() && b.auth.revocationFeed.lagSeconds() < 1, 5 * SECONDS);
    const afterwards = await logOutAtA();
    await until(async () => (await verdictAt(b, afterwards)) === "revoked", SECONDS);
  });

  test.each([
    ["cut", (wire: TcpProxy) => wire.cut()],
    ["silent", (wire: TcpProxy) => wire.holdAnswers()],
  ])("while it is %s for longer than REVOCATION_MAX_LAG, tokens are checked against the database", async (_name, breakWire) => {
    const { accessToken: good, user } = await a.register();
    breakWire(proxy);
    await until(() => !b.auth.revocationFeed.isFresh(), 5 * SECONDS);
    expect(await verdictAt(b, await logOutAtA())).toBe("revoked");
    expect(await verdictAt(b, good)).toBe(user.id);
    await until(() => loggedAt(b, "the revocation feed is out of reach"), 5 * SECONDS);

    const whileAway = await logOutAtA();
    proxy.restore();
    await until(() => b.auth.revocationFeed.isFresh(), 5 * SECONDS);
    expect(await verdictAt(b, whileAway)).toBe("revoked");
    expect(await verdictAt(b, good)).toBe(user.id);
    await until(() => loggedAt(b, "the revocation feed is back"), 5 * SECONDS);
  });
});

describe("PostgreSQL is stopped", () => {
  let folder: string;
  let postgres: EmbeddedPostgres;
  let proxy: TcpProxy;
  let gateway: TestGateway;

  beforeEach(async () => {
    folder = await makeReachableFolder("gateway-outage-");
    postgres = await startEmbeddedPostgres({ directory: folder, log: () => undefined });
    proxy = await startTcpProxy(postgres.url);
    const database = { url: proxy.url, sql: undefined as never, drop: () => Promise.resolve() };
    gateway = await startTestGateway({ database, env });
  });

  afterEach(async () => {
    await gateway.close();
    await proxy.close();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("guarded fields answer SERVICE_UNAVAILABLE, never open; they recover by themselves within seconds of its return", async () => {
    const { accessToken, user } = await gateway.register();
    const loggedOut = await gateway.login(user.email);
    dataOf(await gateway.send(LogoutDocument, {}, { token: loggedOut.accessToken }));
    await postgres.stop();
    proxy.cut();
    await until(async () => (await verdictAt(gateway, accessToken)) === "SERVICE_UNAVAILABLE", 5 * SECONDS);
    // What is known to be revoked needs no database.
    expect(await verdictAt(gateway, loggedOut.accessToken)).toBe("revoked");
    const input = { email: user.email, password: PASSWORD };
    expect(codesOf(await gateway.send(LoginDocument, { input }))).toEqual(["SERVICE_UNAVAILABLE"]);
    // "No session ended" would be a lie.
    expect(codesOf(await gateway.send(LogoutDocument, {}, { token: accessToken }))).toEqual(["SERVICE_UNAVAILABLE"]);
    expect((await gateway.post({ query: "{ __typename }" })).data).toEqual({ __typename: "Query" });

    postgres = await startEmbeddedPostgres({ directory: folder, log: () => undefined });
    proxy.restore(postgres.url);
    await until(async () => (await verdictAt(gateway, accessToken)) === user.id, 5 * SECONDS);
    await until(() => gateway.auth.revocationFeed.isFresh(), 5 * SECONDS);
    await gateway.login(user.email);
  });
});
