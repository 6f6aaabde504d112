import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSchema } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../src/dev-postgres/embedded-postgres.ts";
import { RegisterDocument } from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { everyMutation } from "../../support/clients/every-mutation.ts";
import { readDocument } from "../../support/documents.ts";
import { makeReachableFolder } from "../../support/folders.ts";
import { type MailServer, startMailServer } from "../../support/mail/mail-server.ts";
import { PRODUCTION_SECRET } from "../../support/mail/outbox.ts";
import { readMetrics, type Samples } from "../../support/metrics.ts";
import { type ServerProcess, startServerProcess } from "../../support/processes/server-process.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";
import { until } from "../../support/until.ts";

const PATIENCE = 60_000;
const DAY = 86_400;
const ADMIN = { email: newEmail(), password: "the keys to the lighthouse" };
const watchedProcess = fileURLToPath(new URL("../../support/processes/watched-process.ts", import.meta.url));

let folder: string;
let postgres: EmbeddedPostgres;
let mail: MailServer;
let server: ServerProcess;
let metricsUrl: string;

/** A PostgreSQL of its own: nothing but this server writes to its log. */
beforeAll(async () => {
  folder = await makeReachableFolder("gateway-watched-");
  postgres = await startEmbeddedPostgres({ directory: folder, log: () => undefined });
  mail = await startMailServer();
  const env = {
    NODE_ENV: "production",
    PUBLIC_URL: "https://auth.example.com",
    DATABASE_URL: postgres.url,
    SECRET: PRODUCTION_SECRET,
    SMTP_URL: mail.url,
    MAIL_FROM: "accounts@example.com",
    METRICS_PORT: "0",
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
  };
  server = await startServerProcess(env, { program: ["--import", import.meta.resolve("tsx"), watchedProcess] });
  await until(() => /"metricsPort":\d+/.test(server.output()), PATIENCE);
  metricsUrl = `http://localhost:${/"metricsPort":(\d+)/.exec(server.output())?.[1]}`;
});
afterAll(async () => {
  await server?.stop();
  await mail?.close();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Of the newest message that fits; messages are sent after their mutation has been answered. */
async function mailedToken(to: string, subject: RegExp, messages: number): Promise<string> {
  const tokens = () =>
    mail.received
      .filter((each) => each.to.includes(to) && subject.test(each.parsed.subject ?? ""))
      .flatMap(({ parsed }) => tokenIn(parsed.text ?? "") ?? []);
  await until(() => tokens().length >= messages, PATIENCE);
  return tokens().at(-1) ?? expect.fail("there is no link");
}

const tokenIn = (text: string) => /#token=([\w-]+)/.exec(text)?.[1];

/** The chores that have been done, each at least once more than before. */
function doneSince(before: Samples, now: Samples): string[] {
  const done = [...now].filter(([series, runs]) => series.includes('outcome="done"') && runs > (before.get(series) ?? 0));
  return done.flatMap(([series]) => /^auth_chore_runs_total\{chore="([^"]+)"/.exec(series)?.[1] ?? []).sort();
}

async function doEveryChore(): Promise<void> {
  const before = (await readMetrics(metricsUrl)).samples;
  await until(async () => doneSince(before, (await readMetrics(metricsUrl)).samples).length === CHORES.length, PATIENCE);
}

/** A chore that is added has to be added here, so that its first run is not its users' own. */
const CHORES = ["account erasure", "ended sessions", "expired revocations", "outbox", "purge", "removed roles", "signing keys"];

test("every mutation and every chore, over a hundred days, leaves no error in any log", async () => {
  const { getMutationType } = buildSchemaOfClients();
  const uses = everyMutation({ ...server, admin: ADMIN, mailedToken });
  expect([...uses.keys()].sort()).toEqual(Object.keys(getMutationType.getFields()).sort());
  for (const use of uses.values()) await use();
  await doEveryChore();
  for (let day = 10; day <= 100; day += 10) {
    await server.tell(day * DAY);
    await doEveryChore();
  }
  const { samples } = await readMetrics(metricsUrl);
  expect(doneSince(new Map(), samples)).toEqual(CHORES);
  expect(logged(server.output(), ({ level }) => level >= 50)).toEqual([]);
  expect(notLogged(server.output())).toEqual([]);
  expect(await errorsOf(join(folder, "postgres.log"))).toEqual([]);
  const answer = await server.post({ query: "{ me { id } }" });
  expect(dataOf({ ...answer, errors: [] })).toEqual({ me: null });
}, 600_000);

test("what waits to be sent is counted, so that its alert can fire", async () => {
  const pending = async () => (await readMetrics(metricsUrl)).samples.get("auth_outbox_pending") ?? 0;
  mail.behaviour = { message: () => 451 };
  dataOf(await server.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } }));
  await until(async () => (await pending()) > 0, PATIENCE);
});

function buildSchemaOfClients() {
  const mutation = buildSchema(readDocument("schema/auth.graphql"), { assumeValidSDL: true }).getMutationType();
  return { getMutationType: mutation ?? expect.fail("there are no mutations") };
}

const linesOf = (output: string) => output.split("\n").filter((line) => line !== "");
const isJson = (line: string) => line.startsWith("{") && line.endsWith("}");

function logged(output: string, fits: (line: { level: number }) => boolean): unknown[] {
  return linesOf(output)
    .filter(isJson)
    .map((line) => JSON.parse(line))
    .filter(fits);
}

/** Warnings of Node, and whatever else is not a line of the log. */
const notLogged = (output: string) => linesOf(output).filter((line) => !isJson(line));

async function errorsOf(file: string): Promise<string[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  return lines.filter((line) => / (WARNING|ERROR|FATAL|PANIC|STATEMENT): /.test(line));
}
