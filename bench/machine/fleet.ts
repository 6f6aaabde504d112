import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Cleanup } from "../cleanup.ts";
import { createDatabaseOn } from "./database.ts";
import { type Server, startGateway } from "./servers.ts";

/** What a benchmark that starts servers of its own is given. */
export interface Ground {
  /** On whose server databases may be created. */
  readonly serverUrl: string;
  readonly directory: string;
  readonly cleanup: Cleanup;
}

/** Several processes of the gateway on one database of their own, which take each other's tokens. */
export interface Fleet {
  readonly databaseUrl: string;
  start(name: string, variables?: Record<string, string>): Promise<Server>;
}

export async function openFleet({ serverUrl, directory, cleanup }: Ground): Promise<Fleet> {
  const { url: databaseUrl } = await cleanup.hold(createDatabaseOn(serverUrl), ({ close }) => close());
  const shared = { SECRET: randomBytes(48).toString("base64"), ISSUER: "https://auth.example.com" };
  return {
    databaseUrl,
    async start(name, variables = {}) {
      const folder = join(directory, name);
      await mkdir(folder, { recursive: true });
      const starting = startGateway({ databaseUrl, directory: folder }, { ...shared, ...variables });
      return cleanup.hold(starting, ({ stop }) => stop());
    },
  };
}
