import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LoginDocument, RefreshDocument, RegisterDocument, RequestPasswordResetDocument } from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { createLedger } from "../../support/load/ledger.ts";
import { startMixedLoad } from "../../support/load/mixed-load.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";
import { until } from "../../support/until.ts";
import { startTcpProxy, type TcpProxy } from "../../support/wires/tcp-proxy.ts";

let database: TestDatabase;
let proxy: TcpProxy;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(database.url);
  gateway = await startTestGateway({ database: { ...database, url: proxy.url } });
});
afterAll(async () => {
  await gateway.close();
  await proxy.close();
  await database.drop();
});

/** Some load that never gets an answer which it must not get, or none; what it was told is there afterwards. */
async function underLoad(outage: () => Promise<void>): Promise<void> {
  const { accessToken } = await gateway.registerAdmin();
  const ledger = createLedger();
  const silences: unknown[] = [];
  const load = startMixedLoad({
    url: () => gateway.url,
    ledger,
    callers: 6,
    adminToken: accessToken,
    onSilence: (error) => silences.push(error),
  });
  await until(() => ledger.counts.rotations > 5, 60_000);
  await outage();
  const before = ledger.counts.rotations;
  await until(() => ledger.counts.rotations > before + 5, 60_000);
  await load.stop();
  expect(silences).toEqual([]);
  expect(await ledger.compare(database.sql)).toEqual([]);
}

async function readyStatus(): Promise<number> {
  return (await fetch(`${gateway.url}/readyz`)).status;
}

/** A call that writes, and that does nothing. */
const askForNothing = () => gateway.send(RequestPasswordResetDocument, { email: newEmail() });

const codeOf = async (reply: ReturnType<TestGateway["send"]>) => codesOf(await reply)[0] ?? "answered";

describe("a database that vanishes without a word", () => {
  let refreshToken: string;
  let email: string;
  beforeEach(async () => {
    // What the test before this one has broken off is replaced by then.
    await until(async () => (await readyStatus()) === 200 && (await codeOf(askForNothing())) === "answered", 20_000);
    const registered = await gateway.register();
    refreshToken = registered.refreshToken ?? "";
    email = registered.user.email;
  });
  const calls: [string, () => ReturnType<TestGateway["send"]>][] = [
    ["refresh", () => gateway.send(RefreshDocument, { input: { refreshToken } })],
    ["login", () => gateway.send(LoginDocument, { input: { email, password: PASSWORD } })],
    ["register", () => gateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } })],
    ["requestPasswordReset", () => gateway.send(RequestPasswordResetDocument, { email })],
  ];

  test("is given up for the one that answers in its place, under load, with nothing lost and every call answered", async () => {
    await underLoad(async () => {
      proxy.vanish();
      await until(async () => (await codeOf(gateway.send(RefreshDocument, { input: { refreshToken } }))) === "answered", 20_000);
    });
    await until(async () => (await readyStatus()) === 200, 10_000);
  });

  test.each(calls)(
    "while new connections hang too, %s is answered SERVICE_UNAVAILABLE, and succeeds once the database is there",
    async (_name, call) => {
      proxy.hang();
      proxy.vanish();
      expect(await codeOf(call())).toBe("SERVICE_UNAVAILABLE");
      expect(await readyStatus()).toBe(503);
      proxy.restore();
      await until(async () => (await codeOf(call())) === "answered", 20_000);
    },
  );
});

describe("a database that is read-only for a moment", () => {
  async function setReadOnly(value: "on" | "off"): Promise<void> {
    const [row] = await database.sql`select current_database() as name`;
    await database.sql.unsafe(`alter database ${row?.name} set default_transaction_read_only = ${value}`);
    // Whoever is connected begins anew, as after a failover.
    if (value === "on")
      await database.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'graphql-auth-gateway'`;
  }

  test("is told at /readyz, and is written to again as soon as it can be, without anything lost", async () => {
    const { refreshToken } = await gateway.register();
    const refresh = () => codeOf(gateway.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } }));
    await underLoad(async () => {
      await setReadOnly("on");
      await until(async () => (await readyStatus()) === 503, 10_000);
      await until(async () => (await refresh()) === "SERVICE_UNAVAILABLE", 10_000);
      await setReadOnly("off");
      await until(async () => (await refresh()) === "answered", 10_000);
      await until(async () => (await readyStatus()) === 200, 10_000);
    });
    dataOf(await gateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } }));
  });
});
