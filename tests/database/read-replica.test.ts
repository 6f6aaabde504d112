import { rm } from "node:fs/promises";
import { join } from "node:path";
import type postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  AuditEventsDocument,
  type AuthFieldsFragment,
  DisableUserDocument,
  ExportAccountDocument,
  LoginDocument,
  LogoutDocument,
  MeFromTokenDocument,
  RefreshDocument,
  UsersDocument,
  UserWithSessionsDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { type ClusterServer, type Standby, startCluster, startStandby } from "../support/databases/standby.ts";
import { makeReachableFolder } from "../support/folders.ts";
import { ISSUER, startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { runCommand } from "../support/processes/command-line.ts";
import { openRawClient } from "../support/raw-client.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";
import { startTcpProxy, type TcpProxy } from "../support/wires/tcp-proxy.ts";

let directory: string;
let primary: ClusterServer;
let standby: Standby;
let onPrimary: postgres.Sql;
let onStandby: postgres.Sql;
/** The way to the standby. */
let way: TcpProxy;
let gateway: TestGateway;
let admin: AuthFieldsFragment;

const urls = () => ({ DATABASE_URL: primary.url, DATABASE_READ_URL: way.url });
const onBoth = (env: Record<string, string>) =>
  startTestGateway({ database: { url: primary.url, sql: onPrimary, drop: () => Promise.resolve() }, env });

beforeAll(async () => {
  directory = await makeReachableFolder("gateway-replica-");
  primary = await startCluster(join(directory, "primary"));
  standby = await startStandby(primary, join(directory, "standby"));
  [onPrimary, onStandby] = [openRawClient(primary.url), openRawClient(standby.url)];
  way = await startTcpProxy(standby.url);
  gateway = await onBoth(urls());
  admin = await gateway.registerAdmin();
});
beforeEach(async () => {
  way.restore();
  await replay();
});
afterAll(async () => {
  await gateway.close();
  await way.close();
  await Promise.all([onPrimary.end(), onStandby.end()]);
  await standby.stop();
  await primary.stop();
  await rm(directory, { recursive: true, force: true });
});

/** All that was committed shows at the standby. */
async function replay(): Promise<void> {
  await onStandby`select pg_wal_replay_resume()`;
  const [written] = await onPrimary`select pg_current_wal_lsn()::text as position`;
  await until(
    async () => (await onStandby`select pg_last_wal_replay_lsn() >= ${written?.position}::pg_lsn as is_there`)[0]?.is_there,
    20_000,
  );
}

/** What is committed from now on does not show at the standby, until it replays. */
async function fallBehind(): Promise<void> {
  await replay();
  await onStandby`select pg_wal_replay_pause()`;
  await until(async () => (await onStandby`select pg_get_wal_replay_pause_state() as state`)[0]?.state === "paused", 20_000);
}

async function listedIds(): Promise<string[]> {
  const { users } = dataOf(await gateway.send(UsersDocument, { first: 100 }, { token: admin.accessToken }));
  return (users?.edges ?? []).map(({ node }) => node.id);
}

async function auditedOf(userId: string): Promise<string[]> {
  const reply = await gateway.send(AuditEventsDocument, { first: 100, filter: { userId } }, { token: admin.accessToken });
  return (dataOf(reply).auditEvents?.edges ?? []).map(({ node }) => node.type);
}

async function exportedEventsOf(token: string): Promise<number> {
  return dataOf(await gateway.send(ExportAccountDocument, { first: 100 }, { token })).exportAccount?.auditEvents?.edges.length ?? 0;
}

test("lists of users, the audit trail and a person's own export of it are read at the replica", async () => {
  await fallBehind();
  const late = await gateway.register();
  expect(await listedIds()).not.toContain(late.user.id);
  expect(await auditedOf(late.user.id)).toEqual([]);
  expect(await exportedEventsOf(late.accessToken)).toBe(0);
  await replay();
  expect(await listedIds()).toContain(late.user.id);
  expect(await auditedOf(late.user.id)).toContain("REGISTERED");
  expect(await exportedEventsOf(late.accessToken)).toBeGreaterThan(0);
});

test("whatever decides is read at the primary, however far the replica is behind", async () => {
  await fallBehind();
  const late = await gateway.register();
  const { email } = late.user;
  const found = await gateway.send(UserWithSessionsDocument, { id: late.user.id }, { token: admin.accessToken });
  expect(dataOf(found).user?.sessions?.map(({ id }) => id)).toEqual([late.session.id]);
  const session = await gateway.login(email);
  const refreshed = await gateway.send(RefreshDocument, { input: { refreshToken: session.refreshToken ?? "" } });
  const { accessToken } = dataOf(refreshed).refresh;
  dataOf(await gateway.send(LogoutDocument, {}, { token: accessToken }));
  expect((await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).errors[0]?.extensions.reason).toBe("revoked");
  dataOf(await gateway.send(DisableUserDocument, { userId: late.user.id }, { token: admin.accessToken }));
  expect(codesOf(await gateway.send(LoginDocument, { input: { email, password: PASSWORD } }))).toEqual(["INVALID_CREDENTIALS"]);
  expect((await gateway.send(MeFromTokenDocument, {}, { token: late.accessToken })).errors[0]?.extensions.reason).toBe("revoked");
});

test("while the replica is away, what is read there answers SERVICE_UNAVAILABLE and is told once; everything else works", async () => {
  const readyz = async () => (await fetch(`${gateway.url}/readyz`)).status;
  const told = () => gateway.logs.filter(({ msg }) => String(msg).includes("the read replica is")).map(({ msg }) => msg);
  way.cut();
  for (let round = 0; round < 2; round += 1) {
    const lists = [
      await gateway.send(UsersDocument, { first: 1 }, { token: admin.accessToken }),
      await gateway.send(AuditEventsDocument, { first: 1 }, { token: admin.accessToken }),
    ];
    expect(lists.map(codesOf)).toEqual([["SERVICE_UNAVAILABLE"], ["SERVICE_UNAVAILABLE"]]);
  }
  const { user, accessToken } = await gateway.login(admin.user.email);
  expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
  expect(await readyz()).toBe(200);
  expect(told()).toEqual([expect.stringContaining("is out of reach")]);
  expect(gateway.logs.filter(({ msg }) => String(msg).startsWith("the database is out of reach"))).toEqual([]);
  way.restore();
  gateway.clock.advance(20);
  await until(async () => (await listedIds()).includes(user.id), 20_000);
  expect(told()).toEqual([expect.stringContaining("is out of reach"), "the read replica is back"]);
});

test("a server starts without its replica, and of several hosts the first one that answers is read", async () => {
  await fallBehind();
  const late = await gateway.register();
  const hosts = (...all: string[]) => primary.url.replace(/@[^/]+/, `@${all.map((url) => new URL(url).host).join(",")}`);
  const idsAt = async ({ send }: TestGateway) =>
    dataOf(await send(UsersDocument, { first: 100 }, { token: admin.accessToken })).users?.edges.map(({ node }) => node.id);
  const replicaFirst = await onBoth({ ...urls(), DATABASE_READ_URL: hosts(standby.url, primary.url) });
  expect(await idsAt(replicaFirst)).not.toContain(late.user.id);
  way.cut();
  const withoutReplica = await onBoth({ ...urls(), DATABASE_READ_URL: hosts(way.url, primary.url) });
  expect(await idsAt(withoutReplica)).toContain(late.user.id);
  await Promise.all([replicaFirst.close(), withoutReplica.close()]);
});

test("export-users reads the replica, and says what to do where that is away", async () => {
  await fallBehind();
  const late = await gateway.register();
  const exportWith = (env: Record<string, string>) => runCommand(["export-users"], { env: { SECRET: TEST_SECRET, ISSUER, ...env } });
  expect(await exportWith(urls())).toMatchObject({ code: 0, stdout: expect.not.stringContaining(late.user.id) });
  way.cut();
  expect(await exportWith(urls())).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("export them from the database itself, with DATABASE_READ_URL= before the command"),
  });
  expect(await exportWith({ ...urls(), DATABASE_READ_URL: "" })).toMatchObject({ code: 0, stdout: expect.stringContaining(late.user.id) });
});
