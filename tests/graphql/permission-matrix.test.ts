import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildAuthGraph } from "../../src/graphql/schema.ts";
import type { AuthFieldsFragment } from "../generated/operations.ts";
import { DisableUserDocument, LogoutDocument, RequestPasswordResetDocument } from "../generated/operations.ts";
import { dataOf, type Reply } from "../support/client.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startTestIssuer, type TestIssuer } from "../support/keys/other-issuer.ts";
import { askForChange } from "../support/mail/email-change.ts";
import { lastFacts, tokenOf } from "../support/mail/outbox.ts";
import { newEmail } from "../support/sign-in.ts";
import { type Caller, type Cast, callers, matrix, signedIn, withoutToken } from "./permission-table.ts";

let issuer: TestIssuer;
let gateway: TestGateway;
let expiredToken: string;
/** Whoever is refused changes nothing, so all of them share a cast. */
let shared: Cast;

/** With the tokens of these callers. */
async function createCast(wanted: readonly Caller[], { needsMail = false } = {}): Promise<Cast> {
  const user = await gateway.register();
  const tokens: Partial<Record<Caller, string | undefined>> = {};
  for (const caller of wanted) tokens[caller] = await tokenOfCaller[caller](user);
  return { user, tokens, mailed: needsMail ? await haveMailed(user) : nothingMailed };
}

const nothingMailed = { verification: "", reset: "", change: "", undo: "" };
const tokenOfCaller: Readonly<Record<Caller, (user: AuthFieldsFragment) => Promise<string | undefined>>> = {
  anonymous: async () => undefined,
  user: async ({ accessToken }) => accessToken,
  "other user": async () => (await gateway.register()).accessToken,
  admin: async () => (await gateway.registerAdmin()).accessToken,
  "foreign admin": signOtherAdmin,
  "disabled user": async () => {
    const disabled = await gateway.register();
    dataOf(await gateway.send(DisableUserDocument, { userId: disabled.user.id }, { token: (await gateway.registerAdmin()).accessToken }));
    return disabled.accessToken;
  },
  expired: async () => expiredToken,
  revoked: async () => {
    const revoked = await gateway.register();
    dataOf(await gateway.send(LogoutDocument, {}, { token: revoked.accessToken }));
    return revoked.accessToken;
  },
};

/** The link that undoes a change goes out with one, which would end what the user's access token is good for: so it is laid down. */
async function haveMailed(held: AuthFieldsFragment): Promise<Cast["mailed"]> {
  const { id, email } = held.user;
  dataOf(await gateway.send(RequestPasswordResetDocument, { email }));
  const { token: change } = await askForChange(gateway, held, newEmail());
  const undo = `ot1_${id}`;
  await gateway.database.sql`
    insert into one_time_tokens (id, purpose, user_id, has_account, email, email_key, token_hash, created_at, expires_at)
    select gen_random_uuid(), 'UNDO_EMAIL_CHANGE', id, true, ${`old-${email}`},
      ${`old-${email}`}, sha256(convert_to(${undo}, 'UTF8')), now(),
      ${new Date(gateway.clock.now().getTime() + 60_000)}
    from users where id = ${id}`;
  const verification = tokenOf(await lastFacts(gateway, email, "verify_email"));
  return { verification, reset: tokenOf(await lastFacts(gateway, email, "reset_password")), change, undo };
}

/** As bad as it gets: whoever runs the other issuer puts into a token whatever they like. */
async function signOtherAdmin({ user, session }: AuthFieldsFragment): Promise<string> {
  const at = Math.floor(gateway.clock.now().getTime() / 1000);
  const ours = { sub: user.id, sid: session.id, ver: 1, type: "access", email: user.email, email_verified: true };
  return issuer.sign({ at, claims: { ...ours, roles: ["boss"], scope: "users:read" } });
}

/** Everything that an operation about the user could have changed. */
async function rowsOf({ user }: Cast): Promise<unknown> {
  const { sql } = gateway.database;
  return [await sql`select * from users where id = ${user.user.id}`, await sql`select * from sessions where user_id = ${user.user.id}`];
}

/** `ok` only for data without any error. */
function outcomeOf({ data, errors }: Reply<Record<string, unknown>>): string {
  const [error] = errors;
  if (error === undefined) return Object.values(data ?? {}).every((value) => value !== null) ? "ok" : "null without an error";
  return String(error.extensions.reason ?? error.extensions.code);
}

/** Whether a socket with this token may subscribe, or the reason that it was closed with. */
async function outcomeOfSocket(token: string | undefined): Promise<string> {
  const live = await openSocket(gateway.url);
  try {
    await live.init(token === undefined ? {} : { accessToken: token });
  } catch {
    const { code, reason } = await live.closed;
    return code === 4403 ? reason : `closed with ${code}`;
  }
  live.send({ id: "1", type: "subscribe", payload: { query: "subscription { sessionEvents { type } }" } });
  // A subscription has no answer of its own, but a refusal comes before the answer to what is asked next.
  const { data } = await live.ask("{ __typename }");
  const refusal = live.messages.find(({ id }) => id === "1");
  live.socket.close();
  if (refusal !== undefined) return JSON.stringify(refusal).match(/"reason":"(\w+)"/)?.[1] ?? "refused";
  return data ? "ok" : "not answered";
}

beforeAll(async () => {
  issuer = await startTestIssuer();
  const entry = issuer.entry("discovery: true", "claims: { roles: roles, scopes: scope }", "roles: { boss: [admin, user] }");
  gateway = await startTestGateway({ gatewayYaml: `issuers:${entry}` });
  expiredToken = (await gateway.register()).accessToken;
  gateway.clock.advance(16 * 60);
  shared = await createCast(callers, { needsMail: true });
});
afterAll(() => Promise.all([gateway.close(), issuer.close()]));

test("the matrix has every root field of the schema that is served", async () => {
  const { rootFields } = await buildAuthGraph();
  expect(Object.keys(matrix)).toEqual(expect.arrayContaining([...rootFields]));
});

describe.each(Object.entries(matrix))("%s", (_coordinate, { query, variables, expected, isMailed: needsMail = false }) => {
  test("is for those that it is for, and for nobody else", async () => {
    const before = await rowsOf(shared);
    const outcomes: Record<string, string> = {};
    for (const caller of callers) {
      const cast = expected[caller] === "ok" ? await createCast([caller], { needsMail }) : shared;
      const body = { query, variables: variables?.(cast) };
      outcomes[caller] = outcomeOf(await gateway.post(body, { token: cast.tokens[caller] }));
    }
    expect(outcomes).toEqual(expected);
    if (!query.includes("login(")) expect(await rowsOf(shared)).toEqual(before);
  });
});

test("over WebSocket, sessionEvents is for whoever is signed in, and a token that counts no more opens no socket", async () => {
  const { tokens } = await createCast(callers);
  const outcomes: Record<string, string> = {};
  // Graphs behind the gateway may have something for callers of other issuers: see other-issuer-sockets.test.ts.
  for (const caller of callers.filter((each) => each !== "foreign admin")) outcomes[caller] = await outcomeOfSocket(tokens[caller]);
  const { "foreign admin": _, ...expected } = { ...signedIn, ...withoutToken };
  expect(outcomes).toEqual(expected);
});
