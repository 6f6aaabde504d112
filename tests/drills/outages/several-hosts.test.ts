import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRevocationsSince } from "../../../src/auth/revocations/revocation-store.ts";
import { openListeningConnection } from "../../../src/database/listening-connection.ts";
import { openDatabase } from "../../../src/database/open-database.ts";
import { openSoleConnection } from "../../../src/database/sole-connection.ts";
import { LogoutDocument, MeFromTokenDocument, RefreshDocument } from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { type ClusterServer, type Standby, startCluster, startStandby } from "../../support/databases/standby.ts";
import { makeReachableFolder } from "../../support/folders.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { openRawClient, SCHEMA } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";
import { startTcpProxy, type TcpProxy } from "../../support/wires/tcp-proxy.ts";

let directory: string;
let primary: ClusterServer;
let standby: Standby;
/** The ways to them. */
let toPrimary: TcpProxy;
let toStandby: TcpProxy;
beforeAll(async () => {
  directory = await makeReachableFolder("gateway-hosts-");
  primary = await startCluster(join(directory, "primary"));
  standby = await startStandby(primary, join(directory, "standby"));
  toPrimary = await startTcpProxy(primary.url);
  toStandby = await startTcpProxy(standby.url);
});
afterAll(async () => {
  await Promise.all([toPrimary.close(), toStandby.close()]);
  await standby.stop();
  await primary.stop();
  await rm(directory, { recursive: true, force: true });
});

function urlOf(ways: readonly TcpProxy[], query = ""): string {
  const hosts = ways.map(({ url }) => new URL(url).host).join(",");
  return `${primary.url.replace(/@[^/]+/, `@${hosts}`)}${query}`;
}

async function portAt(url: string): Promise<unknown> {
  const { database, close } = openDatabase({ url, schema: SCHEMA, poolSize: 2 });
  try {
    const [row] = await database.$sql`select inet_server_port()::text as port`;
    return row?.port;
  } finally {
    await close();
  }
}

const portOf = ({ url }: ClusterServer) => new URL(url).port;

test("of several hosts the one that can be written to is taken, wherever it stands", async () => {
  expect(await portAt(urlOf([toStandby, toPrimary]))).toBe(portOf(primary));
  expect(await portAt(urlOf([toPrimary, toStandby]))).toBe(portOf(primary));
  expect(await portAt(urlOf([toStandby, toPrimary], "?target_session_attrs=read-write"))).toBe(portOf(primary));
});

test("where only a standby answers it is there to read, unless the string says otherwise", async () => {
  expect(await portAt(urlOf([toStandby]))).toBe(portOf(standby));
  await expect(portAt(urlOf([toStandby], "?target_session_attrs=primary"))).rejects.toThrow(
    "None of the hosts of DATABASE_URL can be written to",
  );
});

test("announcements of revocations are never waited for at a standby, which has none", async () => {
  const atStandby = openListeningConnection(urlOf([toStandby]), "heard", () => undefined);
  await expect(atStandby.listen()).rejects.toMatchObject({ code: "IS_STANDBY" });
  await atStandby.close();
  let heard = 0;
  const atEither = openListeningConnection(urlOf([toStandby, toPrimary]), "heard", () => {
    heard += 1;
  });
  await atEither.listen();
  const sql = openRawClient(primary.url);
  await sql.notify("heard", "from the primary");
  await until(() => heard === 1, 5000);
  await sql.end();
  await atEither.close();
});

const feedLines = ({ logs }: TestGateway) =>
  logs.filter(({ msg }) => String(msg).includes("the revocation feed")).map(({ msg, problem }) => ({ msg, problem }));
const standbyLine = {
  msg: expect.stringContaining("is out of reach"),
  problem: { type: "LostConnectionError", code: "IS_STANDBY", message: expect.stringContaining("is a standby") },
};

test("a feed whose address leads to a standby says so once, drops it, and returns with the primary; tokens are looked up", async () => {
  const sql = openRawClient(primary.url);
  const database = { url: primary.url, sql, drop: () => Promise.resolve() };
  const address = await startTcpProxy(primary.url);
  const urls = { DATABASE_URL: primary.url, DATABASE_DIRECT_URL: address.url };
  const gateway = await startTestGateway({ database, env: { ...urls, REVOCATION_MAX_LAG: "1s" } });
  const { accessToken } = await gateway.register();
  address.cut();
  address.restore(standby.url);
  await until(() => feedLines(gateway).length === 2, 20_000);
  expect(feedLines(gateway)[1]).toEqual(standbyLine);
  await until(() => !gateway.auth.revocationFeed.isFresh(), 20_000);
  // Each try opens one connection: none of them stays, and none is told of again.
  const listening = openRawClient(standby.url);
  await until(
    async () => (await listening`select from pg_stat_activity where application_name = 'graphql-auth-gateway revocations'`).length <= 1,
    20_000,
  );
  await listening.end();
  dataOf(await gateway.send(LogoutDocument, {}, { token: accessToken }));
  const { errors } = await gateway.send(MeFromTokenDocument, {}, { token: accessToken });
  expect(errors[0]?.extensions.reason).toBe("revoked");
  expect(feedLines(gateway)).toHaveLength(2);
  address.cut();
  address.restore(primary.url);
  await until(() => gateway.auth.revocationFeed.isFresh(), 20_000);
  expect(feedLines(gateway).slice(2)).toEqual([{ msg: "the revocation feed is back", problem: undefined }]);
  await gateway.close();
  await address.close();
  await sql.end();
});

test("revocations that a pooler would read at a standby are not taken for all", async () => {
  const { sql, close } = openSoleConnection(standby.url, { applicationName: "reads" });
  const reading = readRevocationsSince(sql, { schema: SCHEMA, since: "1:1:", now: new Date() }, () => undefined);
  await expect(reading).rejects.toMatchObject({ code: "IS_STANDBY" });
  close();
});

test("a gateway that knows both goes on with the standby once that is promoted, while the primary says nothing any more", async () => {
  const sql = openRawClient(standby.url);
  const database = { url: urlOf([toPrimary, toStandby]), sql, drop: () => Promise.resolve() };
  const gateway = await startTestGateway({ database });
  let { refreshToken } = await gateway.register();
  async function refresh(): Promise<string | undefined> {
    const reply = await gateway.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } });
    refreshToken = reply.data?.refresh.refreshToken ?? refreshToken;
    return codesOf(reply)[0];
  }
  toPrimary.hang();
  toPrimary.vanish();
  expect(await refresh()).toBe("SERVICE_UNAVAILABLE");
  await standby.promote();
  await until(async () => (await refresh()) === undefined, 20_000);
  for (let round = 0; round < 3; round += 1) expect(await refresh()).toBeUndefined();
  expect((await sql`select max(generation) as generation from sessions`)[0]?.generation).toBeGreaterThanOrEqual(3);
  await until(() => gateway.auth.revocationFeed.isFresh(), 20_000);
  await gateway.close();
  await sql.end();
});
