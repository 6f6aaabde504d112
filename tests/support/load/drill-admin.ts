import type postgres from "postgres";
import { LoginDocument, RegisterDocument } from "../../generated/operations.ts";
import { createClient, dataOf } from "../client.ts";

const admin = { email: "admin@example.com", password: "a long walk by the sea" };

/** The access token of an admin, for a load that gives roles. */
export async function makeDrillAdmin(url: string, sql: postgres.Sql): Promise<string> {
  const client = createClient(url);
  dataOf(await client.send(RegisterDocument, { input: admin }));
  await sql`update users set roles = '{user,admin}'`;
  return dataOf(await client.send(LoginDocument, { input: admin })).login.accessToken;
}
