import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

/** The migrations of versions that kept everything in the schema `public`, byte by byte. */
const folder = fileURLToPath(new URL("public-installation", import.meta.url));

/** Makes what such a version had after so many migrations, as it did: by Drizzle's own migrator. */
export async function installInPublic(url: string, migrations: number): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), "public-installation-"));
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await cp(folder, copy, { recursive: true });
    const journal = JSON.parse(await readFile(join(copy, "meta/_journal.json"), "utf8")) as { entries: unknown[] };
    await writeFile(join(copy, "meta/_journal.json"), JSON.stringify({ ...journal, entries: journal.entries.slice(0, migrations) }));
    await migrate(drizzle(client), { migrationsFolder: copy });
  } finally {
    await client.end();
    await rm(copy, { recursive: true });
  }
}
