import { expect } from "vitest";
import type { TestGateway } from "../support/gateway.ts";

/** Stands for what a caller sends and what may come back nowhere. */
export const SECRET_WORD = "hunter2-marker";

export const SECRET = `${SECRET_WORD} by the sea`;

/** Parts of PostgreSQL's and Drizzle's messages, and of hashes: none of them may leave the process. */
export const insides = /argon2id|\$v=19|insert into|update "?users|select "|failed query|params|failing row|\\x[0-9a-f]{8}/i;

export async function restored(gateway: TestGateway): Promise<void> {
  const { user } = await gateway.register();
  expect((await gateway.login(user.email)).user.id).toBe(user.id);
}
