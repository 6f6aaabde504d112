import type { AuthFieldsFragment } from "../../generated/operations.ts";
import {
  ConfirmEmailChangeDocument,
  RefreshDocument,
  RequestEmailChangeDocument,
  UndoEmailChangeDocument,
} from "../../generated/operations.ts";
import { dataOf } from "../client.ts";
import type { TestGateway } from "../gateway.ts";
import { lastFacts, tokenOf } from "./outbox.ts";

/** A user whose address has been verified; most changes are of such. */
export async function registerVerified(gateway: TestGateway): Promise<AuthFieldsFragment> {
  const held = await gateway.register();
  await gateway.database.sql`update users set email_verified = true where id = ${held.user.id}`;
  return held;
}

/** Asks for the change; the token and the code that the new address gets. */
export async function askForChange(
  gateway: TestGateway,
  held: AuthFieldsFragment,
  newEmail: string,
): Promise<{ token: string; code: string }> {
  dataOf(await gateway.send(RequestEmailChangeDocument, { input: { newEmail } }, { token: held.accessToken }));
  const facts = await lastFacts(gateway, newEmail, "confirm_email_change");
  return { token: tokenOf(facts), code: facts.code };
}

export const confirm = (gateway: TestGateway, token: string) => gateway.send(ConfirmEmailChangeDocument, { input: { token } });
export const undo = (gateway: TestGateway, token: string) => gateway.send(UndoEmailChangeDocument, { input: { token } });

/** A whole change; what the session holds after its next refresh. */
export async function changeEmail(gateway: TestGateway, held: AuthFieldsFragment, newEmail: string): Promise<AuthFieldsFragment> {
  const { token } = await askForChange(gateway, held, newEmail);
  dataOf(await confirm(gateway, token));
  return dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: held.refreshToken } })).refresh;
}

/** The token with which the old address undoes the last change. */
export async function undoTokenOf(gateway: TestGateway, oldEmail: string): Promise<string> {
  return tokenOf(await lastFacts(gateway, oldEmail, "email_changed"));
}

/** An account's row and what hangs on it, briefly. */
export async function stateOf({ database: { sql }, clock }: TestGateway, userId: string) {
  const [row] = await sql`
    select email, email_verified, status, erasure_at,
      (select count(*)::int from sessions where user_id = users.id and ended_at is null) as live,
      (select coalesce(array_agg(purpose order by created_at), '{}') from one_time_tokens
        where user_id = users.id and expires_at > ${clock.now()}) as tokens
    from users where id = ${userId}`;
  return row;
}

/** The account's audit events but those of signing in, oldest first. */
export async function eventsOf({ database: { sql } }: TestGateway, userId: string) {
  const rows = await sql`select type, actor_id, session_id, succeeded, detail from audit_events where user_id = ${userId} order by id`;
  return rows.filter(({ type }) => !["REGISTERED", "LOGIN_SUCCEEDED", "TOKEN_REFRESHED"].includes(type));
}
