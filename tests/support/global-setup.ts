import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { startEmbeddedPostgres } from "../../src/dev-postgres/embedded-postgres.ts";
import { type CitusNodes, closeToAll, createCitusDatabase, databaseAt, readCitusNodes, spreadForTests } from "./databases/citus.ts";
import { makeReachableFolder } from "./folders.ts";
import { bundleBuilt } from "./processes/bundle.ts";
import { SCHEMA } from "./raw-client.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A server on which databases may be created. */
    serverUrl: string;
    /** A migrated, empty database on it, to be cloned. */
    templateName: string;
    /** How PostgreSQL copies it: the end of `create database`. */
    copying: string;
    /** Of the Citus of TEST_CITUS_URL, every node; else the server alone. */
    nodes: CitusNodes;
    isCitus: boolean;
    /** The folder of the built server, put together in a few files. */
    bundle: string | undefined;
  }
}

/**
 * One PostgreSQL for the whole run: the Citus of `TEST_CITUS_URL`, over which the tables are spread; else the one of `DATABASE_URL`, else
 * an embedded one in a folder that goes with it.
 */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const templateName = `gateway_template_${randomBytes(6).toString("hex")}`;
  await makeTemplate(server, templateName);
  provide("serverUrl", server.url);
  provide("templateName", templateName);
  provide("copying", server.copying);
  provide("nodes", server.nodes);
  provide("isCitus", server.isCitus);
  provide("bundle", await bundleBuilt());
  return async () => {
    for (const node of server.nodes) await onServer(node, `drop database if exists ${templateName} with (force)`);
    await server.stop();
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const admin = postgres(url, { max: 1, onnotice: () => undefined });
  await admin.unsafe(statement);
  await admin.end();
}

async function makeTemplate({ url, nodes, isCitus }: Server, name: string): Promise<void> {
  if (isCitus) await createCitusDatabase(nodes, name);
  else await onServer(url, `create database ${name}`);
  const templateUrl = databaseAt(url, name);
  await migrateDatabase(templateUrl, SCHEMA);
  if (!isCitus) return;
  await spreadForTests(templateUrl, SCHEMA);
  await closeToAll(nodes, name);
}

interface Server {
  readonly url: string;
  readonly nodes: CitusNodes;
  readonly isCitus: boolean;
  readonly copying: string;
  stop(): Promise<void>;
}

async function startServer(): Promise<Server> {
  const nodes = readCitusNodes(process.env.TEST_CITUS_URL);
  const stop = () => Promise.resolve();
  if (nodes !== undefined) return { url: nodes[0], nodes, isCitus: true, copying: "strategy file_copy", stop };
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== "") return { url: given, nodes: [given], isCitus: false, copying: "", stop };
  const directory = await makeReachableFolder("gateway-tests-");
  const embedded = await startEmbeddedPostgres({ directory, log: () => undefined });
  await hurry(embedded.url);
  return {
    url: embedded.url,
    nodes: [embedded.url],
    isCitus: false,
    // File by file, and not page by page through the log of changes: a third of the work where files lie in memory.
    copying: "strategy file_copy",
    stop: async () => {
      await embedded.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** No test pulls the plug of the machine, and those that kill a PostgreSQL have one of their own. Nobody guesses its password. */
async function hurry(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined, connection: { scram_iterations: 1 } });
  await sql.unsafe(`alter role postgres password '${new URL(url).password}'`);
  await sql`alter system set fsync = off`;
  await sql`alter system set full_page_writes = off`;
  await sql`alter system set file_copy_method = clone`;
  await sql`select pg_reload_conf()`;
  await sql.end();
}
