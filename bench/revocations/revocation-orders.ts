import { print } from "graphql";
import type postgres from "postgres";
import { LogoutDocument, RefreshDocument, RevokeSessionDocument, SetUserRolesDocument } from "../../tests/generated/operations.ts";
import { createClient, dataOf } from "../../tests/support/client.ts";
import type { Answer, Line } from "../machine/line.ts";
import type { Server } from "../machine/servers.ts";
import { type BenchmarkUser, logIn, registerUsers, sessionIdOf } from "../machine/users.ts";

/** A token, and the call that ends it. */
export interface Order {
  readonly token: string;
  send(): Promise<Answer>;
}

export type RevocationKind = "logout" | "revokeSession" | "setUserRoles";

/** Makes a token that has not been revoked. */
export type PrepareOrder = () => Promise<Order>;

const ROLES = [["user"], []] as const;

/** The sessions are those of real logins, so that nothing that a revocation meets is made up. Calls go over the line. */
export async function createOrders(server: Server, line: Line, sql: postgres.Sql): Promise<Record<RevocationKind, PrepareOrder>> {
  const [member, subject, candidate] = await registerUsers(server.url, 3);
  if (member === undefined || subject === undefined || candidate === undefined) throw new Error("There are no users.");
  await sql`update users set roles = '{user,admin}' where id = ${candidate.id}`;
  const admin = await logIn(server.url, candidate);
  return {
    logout: async () => {
      const { accessToken: token } = await logIn(server.url, member);
      return { token, send: () => obey(line, { query: print(LogoutDocument) }, token) };
    },
    revokeSession: async () => {
      const { accessToken: token } = await logIn(server.url, member);
      const body = { query: print(RevokeSessionDocument), variables: { id: sessionIdOf(token) } };
      return { token, send: () => obey(line, body, member.accessToken) };
    },
    setUserRoles: await changeRoles(server, line, { subject, adminToken: admin.accessToken }),
  };
}

/** The session goes on: its next refresh gives the token that the next change ends. */
async function changeRoles(server: Server, line: Line, of: { subject: BenchmarkUser; adminToken: string }): Promise<PrepareOrder> {
  const client = createClient(server.url);
  let { refreshToken } = await logIn(server.url, of.subject);
  let changes = 0;
  return async () => {
    const { refresh } = dataOf(await client.send(RefreshDocument, { input: { refreshToken } }));
    refreshToken = refresh.refreshToken ?? "";
    changes += 1;
    const variables = { userId: of.subject.id, roles: ROLES[changes % 2] };
    return { token: refresh.accessToken, send: () => obey(line, { query: print(SetUserRolesDocument), variables }, of.adminToken) };
  };
}

async function obey(line: Line, body: unknown, token: string): Promise<Answer> {
  const answer = await line.post(body, token);
  if (answer.errors.length > 0) throw new Error(`An order was not carried out: ${JSON.stringify(answer.errors)}`);
  return answer;
}
