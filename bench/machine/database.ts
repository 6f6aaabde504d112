import { randomBytes } from "node:crypto";
import { join } from "node:path";
import postgres from "postgres";
import { startEmbeddedPostgres } from "../../src/dev-postgres/embedded-postgres.ts";

export interface BenchmarkDatabase {
  readonly url: string;
  readonly isEmbedded: boolean;
  close(): Promise<void>;
}

/** An embedded PostgreSQL in the run's folder, or a database of the run's own on the server of `DATABASE_URL`. */
export async function openBenchmarkDatabase(directory: string): Promise<BenchmarkDatabase> {
  const serverUrl = process.env.DATABASE_URL;
  if (serverUrl !== undefined && serverUrl !== "") return createDatabaseOn(serverUrl);
  const embedded = await startEmbeddedPostgres({ directory: join(directory, "database"), log: () => undefined });
  return { url: embedded.url, isEmbedded: true, close: () => embedded.stop() };
}

export async function createDatabaseOn(serverUrl: string): Promise<BenchmarkDatabase> {
  const name = `gateway_bench_${randomBytes(6).toString("hex")}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await onServer(serverUrl, `create database ${name}`);
  return { url: url.href, isEmbedded: false, close: () => onServer(serverUrl, `drop database if exists ${name} with (force)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(statement).finally(() => sql.end());
}
