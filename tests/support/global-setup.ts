import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../../src/database/embedded/embedded-postgres.ts";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { makeReachableFolder } from "./folders.ts";
import { SCHEMA } from "./raw-client.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A server on which databases may be created. */
    serverUrl: string;
    /** A migrated, empty database on it, to be cloned. */
    templateName: string;
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
  return async () => {
    await admin.unsafe(`drop database if exists ${templateName} with (force)`);
    await admin.end();
    await server.stop();
  };
}

async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== "") return { url: given, stop: () => Promise.resolve() };
  const directory = await makeReachableFolder("gateway-tests-");
  const embedded = await startEmbeddedPostgres({ directory, log: () => undefined });
  return {
    url: embedded.url,
    stop: async () => {
      await embedded.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
