import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import type postgres from "postgres";
import { createPayloads } from "../../src/outbox/outbox.ts";
import {
  DisableUserDocument,
  LogoutAllDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
} from "../../tests/generated/operations.ts";
import { type Client, codesOf, createClient, dataOf } from "../../tests/support/client.ts";
import { makeDrillAdmin } from "../../tests/support/load/drill-admin.ts";
import { openRawClient } from "../../tests/support/raw-client.ts";
import { addSessions } from "../../tests/support/sessions/many-sessions.ts";
import { until } from "../../tests/support/until.ts";
import { type Ground, openFleet } from "../machine/fleet.ts";
import { type BenchmarkUser, logIn, registerUsers, type Tokens } from "../machine/users.ts";
import { formatMilliseconds } from "../report.ts";
import type { Verdict } from "../verdicts.ts";

const SESSIONS = 500_000;
const ANSWER_MILLISECONDS = 1000;
const MARKED_MILLISECONDS = 60_000;
const SECRET = randomBytes(48).toString("base64");

interface Setting {
  readonly client: () => Client;
  readonly sql: postgres.Sql;
  readonly adminToken: string;
}

interface Ending {
  readonly job: string;
  readonly end: (setting: Setting, user: BenchmarkUser, tokens: Tokens) => Promise<() => Promise<unknown>>;
}

/** What each does before it is timed, and what is timed. */
const endings: readonly Ending[] = [
  {
    job: "disableUser",
    end:
      async ({ client, adminToken }, { id }) =>
      () =>
        answer(client(), DisableUserDocument, { userId: id }, adminToken),
  },
  {
    job: "logoutAll",
    end:
      async ({ client }, _user, { accessToken }) =>
      () =>
        answer(client(), LogoutAllDocument, {}, accessToken),
  },
  {
    job: "resetPassword",
    async end({ client, sql }, { email }) {
      await answer(client(), RequestPasswordResetDocument, { email });
      const token = await mailedToken(sql);
      return () => answer(client(), ResetPasswordDocument, { input: { token, newPassword: "another walk by the sea" } });
    },
  },
];

/**
 * One user with half a million live sessions, whose sessions are all ended. The server is killed once while their rows are being marked:
 * another one goes on.
 */
export async function benchmarkManySessions(ground: Ground): Promise<readonly Verdict[]> {
  const fleet = await openFleet(ground);
  // Nothing listens there: messages stay in the outbox, where their tokens are read.
  const start = (name: string) => fleet.start(name, { SECRET, SMTP_URL: "smtp://127.0.0.1:9" });
  let server = await start("many-sessions");
  const sql = openRawClient(fleet.databaseUrl);
  ground.cleanup.add(() => sql.end({ timeout: 1 }));
  const setting: Setting = { client: () => createClient(server.url), sql, adminToken: await makeDrillAdmin(server.url, sql) };
  const users = await registerUsers(server.url, endings.length);
  const verdicts: Verdict[] = [];
  for (const [index, { job, end }] of endings.entries()) {
    const user = users[index];
    if (user === undefined) throw new Error("There is no user.");
    const tokens = await logIn(server.url, user);
    await addSessions({ database: { sql }, clock: { now: () => new Date() } }, user.id, SESSIONS);
    await sql`analyze sessions`;
    const call = await end(setting, user, tokens);
    const startedAt = performance.now();
    await call();
    const answered = performance.now() - startedAt;
    await mustBeOver(setting.client(), tokens);
    if (index === 0) {
      await until(() => isBegun(sql, user.id), MARKED_MILLISECONDS);
      await server.stop();
      server = await start("many-sessions-again");
      await mustBeOver(setting.client(), tokens);
    }
    await until(() => isDone(sql, user.id), MARKED_MILLISECONDS);
    const marked = performance.now() - startedAt;
    await mustBeToldOnce(sql, user.id);
    verdicts.push(verdict(`${job}: answered`, answered, ANSWER_MILLISECONDS), verdict(`${job}: marked`, marked, MARKED_MILLISECONDS));
  }
  return verdicts;
}

async function answer<Data, Variables>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  token?: string,
): Promise<Data> {
  return dataOf(await client.send(document, variables, { token }));
}

/** Of the last message, whose link carries it. */
async function mailedToken(sql: postgres.Sql): Promise<string> {
  const [row] = await sql`select id, encrypted_payload from outbox where channel = 'email' order by id desc limit 1`;
  const message = row && createPayloads([SECRET]).open(row.encrypted_payload, row.id);
  if (message?.channel !== "email" || message.content.template !== "reset_password") throw new Error("There is no message.");
  return new URLSearchParams(new URL(message.content.facts.link ?? "").hash.slice(1)).get("token") ?? "";
}

/** Neither token of a session is taken any more. The access token is refused once the revocation has been read. */
async function mustBeOver(client: Client, { accessToken, refreshToken }: Tokens): Promise<void> {
  await until(async () => codesOf(await client.send(MeFromTokenDocument, {}, { token: accessToken }))[0] === "UNAUTHENTICATED", 1000);
  const codes = codesOf(await client.send(RefreshDocument, { input: { refreshToken } }));
  if (codes[0] !== "SESSION_ENDED") throw new Error(`A session that was ended answers a refresh by ${codes[0] ?? "tokens"}.`);
}

async function isBegun(sql: postgres.Sql, userId: string): Promise<boolean> {
  const rows = await sql`select from audit_events where user_id = ${userId} and type = 'SESSION_REVOKED' limit 1`;
  return rows.length > 0;
}

/** The row that ended them goes with the last of them. */
async function isDone(sql: postgres.Sql, userId: string): Promise<boolean> {
  return (await sql`select from session_ends where user_id = ${userId}`).length === 0;
}

async function mustBeToldOnce(sql: postgres.Sql, userId: string): Promise<void> {
  const [row] = await sql`
    select (select count(*)::int from sessions where user_id = ${userId} and ended_at is not null) as sessions, count(*)::int as events,
      count(distinct session_id)::int as told
    from audit_events where user_id = ${userId} and type = 'SESSION_REVOKED'`;
  const isRight = row?.sessions >= SESSIONS && row?.sessions === row?.events && row?.events === row?.told;
  if (!isRight) throw new Error(`The audit trail differs: ${JSON.stringify(row)}.`);
}

function verdict(what: string, milliseconds: number, aim: number): Verdict {
  const job = `${SESSIONS / 1000},000 sessions of one user, ${what}`;
  const absolute = { beside: "", ratio: "" };
  return { job, figure: formatMilliseconds(milliseconds), ...absolute, aim: `< ${aim / 1000} s`, isHeld: milliseconds < aim };
}
