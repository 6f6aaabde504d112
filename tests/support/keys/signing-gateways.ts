import { generateKeyPairSync } from "node:crypto";
import { decodeProtectedHeader, type JSONWebKeySet, SignJWT } from "jose";
import { afterEach, expect } from "vitest";
import { StartupError } from "../../../src/core/errors.ts";
import { explainFailure } from "../../../src/start/process/explain-failure.ts";
import { MeFromTokenDocument } from "../../generated/operations.ts";
import type { TestClock } from "../clock.ts";
import { createTestDatabase, type TestDatabase } from "../database.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../gateway.ts";

/** How long services may keep the JWKS. */
export const CACHE_SECONDS = 300;

/** Starts gateways and databases, and ends after each test what it has started. */
export function keepGateways() {
  const running: TestGateway[] = [];
  const databases: TestDatabase[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((gateway) => gateway.close()));
    await Promise.all(databases.splice(0).map((database) => database.drop()));
  });

  async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
    const gateway = await startTestGateway(options);
    running.push(gateway);
    return gateway;
  }

  async function stop(gateway: TestGateway): Promise<void> {
    running.splice(running.indexOf(gateway), 1);
    await gateway.close();
  }

  /** What the start stops with, as it is told. */
  async function startupErrorOf(options: TestGatewayOptions): Promise<string> {
    const error = await start(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartupError);
    return explainFailure(error);
  }

  function keep(database: TestDatabase): TestDatabase {
    databases.push(database);
    return database;
  }

  /** Gateways of one deployment: one database, one time. */
  async function startSeveral(...options: TestGatewayOptions[]): Promise<TestGateway[]> {
    const database = keep(await createTestDatabase());
    const clock = createStandingClock();
    const gateways: TestGateway[] = [];
    for (const each of options) gateways.push(await start({ database, clock, ...each }));
    return gateways;
  }

  return { start, stop, startupErrorOf, startSeveral, keep, createDatabase: async () => keep(await createTestDatabase()) };
}

/** Stands still between advances: schedules can be tried at their very ends. */
export function createStandingClock(): TestClock {
  let now = Math.floor(Date.now() / 1000) * 1000;
  return {
    now: () => new Date(now),
    advance(seconds) {
      now += seconds * 1000;
    },
  };
}

export async function published(gateway: TestGateway): Promise<JSONWebKeySet> {
  return (await (await fetch(`${gateway.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
}

export async function publishedKids(gateway: TestGateway): Promise<(string | undefined)[]> {
  return (await published(gateway)).keys.map((key) => key.kid);
}

export async function signIn(gateway: TestGateway): Promise<{ token: string; kid: string | undefined; alg: string | undefined }> {
  const { accessToken } = await gateway.register();
  const { kid, alg } = decodeProtectedHeader(accessToken);
  return { token: accessToken, kid, alg };
}

/** "me", or why not. */
export async function outcomeOf(gateway: TestGateway, token: string): Promise<unknown> {
  const reply = await gateway.send(MeFromTokenDocument, {}, { token });
  expect(reply.status).toBe(200);
  return reply.data?.me === null ? reply.errors[0]?.extensions.reason : "me";
}

export async function keyCount(gateway: TestGateway): Promise<number> {
  const [row] = await gateway.database.sql`select count(*)::int as n from signing_keys`;
  return row?.n;
}

const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
export function strangersToken(kid: string): Promise<string> {
  return new SignJWT({}).setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid }).sign(stranger.privateKey);
}

export async function kidsOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.sql`select kid from signing_keys order by signs_from, created_at`;
  return rows.map((row) => row.kid);
}
