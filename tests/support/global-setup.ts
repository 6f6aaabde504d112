import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { startEmbeddedPostgres } from "../../src/dev-postgres/embedded-postgres.ts";
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
    /** The folder of the built server, put together in a few files. */
    bundle: string | undefined;
  }
}

/** One PostgreSQL for the whole run: the one of `DATABASE_URL`, else an embedded one in a folder that goes with it. */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const templateName = `gateway_template_${randomBytes(6).toString("hex")}`;
  const admin = postgres(server.url, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${templateName}`);
  const templateUrl = new URL(server.url);
  templateUrl.pathname = `/${templateName}`;
  await migrateDatabase(templateUrl.href, SCHEMA);
  provide("serverUrl", server.url);
  provide("templateName", templateName);
  provide("copying", server.copying);
  provide("bundle", await bundleBuilt());
  return async () => {
    await admin.unsafe(`drop database if exists ${templateName} with (force)`);
    await admin.end();
    await server.stop();
  };
}

async function startServer(): Promise<{ url: string; copying: string; stop(): Promise<void> }> {
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== "") return { url: given, copying: "", stop: () => Promise.resolve() };
  const directory = await makeReachableFolder("gateway-tests-");
  const embedded = await startEmbeddedPostgres({ directory, log: () => undefined });
  await hurry(embedded.url);
  return {
    url: embedded.url,
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
