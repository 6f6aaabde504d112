import { afterAll, beforeAll } from "vitest";
import { type LiveSocket, openSocket } from "../support/clients/live-socket.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

export const APP = "https://app.example.com";

export async function signedIn(gateway: TestGateway): Promise<LiveSocket> {
  const { accessToken } = await gateway.register();
  const socket = await openSocket(gateway.url);
  await socket.init({ accessToken });
  return socket;
}

/** A gateway as in development, and one as in production. */
export function serveEnvironments() {
  let database: TestDatabase;

  let development: TestGateway;

  let production: TestGateway;

  beforeAll(async () => {
    database = await createTestDatabase();
    const env = {
      NODE_ENV: "production",
      DATABASE_URL: database.url,
      SECRET: "Vq3zL8wYc1RmXt6KpD0hUe9sBn4JgFa7",
      PUBLIC_URL: "https://auth.example.com",
      CORS_ORIGINS: APP,
    };
    production = await startTestGateway({ database, env });
    development = await startTestGateway();
  });

  afterAll(async () => {
    await Promise.all([production.close(), development.close()]);
    await database.drop();
  });

  function at(environment: string): TestGateway {
    return environment === "production" ? production : development;
  }

  return {
    get development() {
      return development;
    },
    get production() {
      return production;
    },
    at,
  };
}
