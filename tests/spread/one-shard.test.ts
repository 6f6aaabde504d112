import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  ChangePasswordDocument,
  ExportAccountDocument,
  LoginDocument,
  LogoutAllDocument,
  LogoutDocument,
  MeWithSessionsDocument,
  RefreshDocument,
} from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { explainAll } from "../support/databases/statement-plans.ts";
import { PASSWORD } from "../support/sign-in.ts";
import type { SentStatement } from "../support/wires/statement-tap.ts";
import { startTappedGateway, type TappedGateway } from "../support/wires/tapped-gateway.ts";

let gateway: TappedGateway;
beforeAll(async () => {
  gateway = await startTappedGateway();
});
afterAll(() => gateway.close());

const refresh = async (refreshToken: string | null) =>
  dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } })).refresh.refreshToken;

/** Each with what it takes done before, and itself. */
const operations: readonly (readonly [string, () => Promise<() => Promise<unknown>>])[] = [
  [
    "login",
    async () => {
      const { user } = await gateway.register();
      return () => gateway.login(user.email);
    },
  ],
  [
    "a login with a wrong password",
    async () => {
      const { user } = await gateway.register();
      return () => gateway.send(LoginDocument, { input: { email: user.email, password: "another one altogether" } });
    },
  ],
  [
    "refresh",
    async () => {
      const { refreshToken } = await gateway.register();
      return () => refresh(refreshToken ?? null);
    },
  ],
  [
    "a refresh that is sent again",
    async () => {
      const { refreshToken } = await gateway.register();
      await refresh(refreshToken ?? null);
      return () => refresh(refreshToken ?? null);
    },
  ],
  [
    "logout",
    async () => {
      const { accessToken } = await gateway.register();
      return async () => dataOf(await gateway.send(LogoutDocument, {}, { token: accessToken }));
    },
  ],
  [
    "logoutAll",
    async () => {
      const { accessToken } = await gateway.register();
      return async () => dataOf(await gateway.send(LogoutAllDocument, {}, { token: accessToken }));
    },
  ],
  [
    "me with sessions and their events",
    async () => {
      const { accessToken } = await gateway.register();
      return async () => dataOf(await gateway.send(MeWithSessionsDocument, {}, { token: accessToken }));
    },
  ],
  [
    "the audit trail of an account",
    async () => {
      const { accessToken } = await gateway.register();
      return async () => dataOf(await gateway.send(ExportAccountDocument, { first: 10 }, { token: accessToken }));
    },
  ],
  [
    "changePassword",
    async () => {
      const { accessToken } = await gateway.register();
      const input = { currentPassword: PASSWORD, newPassword: "another walk, along the river" };
      return async () => dataOf(await gateway.send(ChangePasswordDocument, { input }, { token: accessToken }));
    },
  ],
];

/** Chores and couriers run whenever they are due, and none of them is waited for. */
const ofUpkeep = /skip locked|"outbox" where|update "auth"\."outbox"|"signing_keys"|"revocations" on transaction_id/i;
const ofChores = /walks|"migrations"|erasure_at <|erasure_at is not/i;
const isUpkeep = ({ text }: SentStatement) => ofUpkeep.test(text) || ofChores.test(text);

test.each(operations)("%s reads all of no table, and asks one shard at a time where tables are spread", async (_name, prepare) => {
  const operation = await prepare();
  const sent = (await gateway.tap.sentDuring(operation)).filter((statement) => !isUpkeep(statement));
  const plans = await explainAll(gateway.database.sql, sent);
  expect(plans).not.toEqual([]);
  for (const { text, plan } of plans) {
    // What a node prefers for tables that are as small as these says nothing.
    if (!inject("isCitus")) expect(plan, text).not.toMatch(/Seq Scan/);
    const tasks = [...plan.matchAll(/Task Count: (\d+)/g)].map(([, count]) => count);
    expect(
      tasks.filter((count) => count !== "1"),
      `${text}\n${plan}`,
    ).toEqual([]);
  }
  const isAsked = plans.some(({ plan }) => plan.includes("Task Count: 1"));
  expect(isAsked, "Whether tables are spread").toBe(inject("isCitus"));
});
