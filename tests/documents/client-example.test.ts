import { afterAll, beforeAll, expect, test } from "vitest";
import { blocksOf } from "../support/documents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

/** The client of docs/guides/clients.md, as it stands there. */
interface Client {
  call(query: string): Promise<unknown>;
  token(): Promise<string | undefined>;
  register(input: object): Promise<void>;
  signIn(input: object): Promise<void>;
  signOut(): Promise<void>;
}

interface Stored {
  readonly refreshToken?: string;
  readonly retryKey?: string;
}

interface Options {
  readonly url: string;
  readonly store: { read(): Stored; write(stored: Stored): void };
  readonly send?: typeof fetch;
}

const [program] = blocksOf("docs/guides/clients.md").filter(({ language }) => language === "js");
const ME = "{ me { email } }";

let gateway: TestGateway;
let createClient: (options: Options) => Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  ({ createClient } = await import(`data:text/javascript,${encodeURIComponent(program?.text ?? "")}`));
});
afterAll(() => gateway.close());

function memory(): Options["store"] & { now: Stored } {
  const store = {
    now: {} as Stored,
    read: () => store.now,
    write(stored: Stored) {
      store.now = stored;
    },
  };
  return store;
}

/** Somebody who has signed in; `restart` gives the same application after a start, with nothing but what it has stored. */
async function someone() {
  const email = newEmail();
  const store = memory();
  const restart = (send: typeof fetch = fetch) => createClient({ url: `${gateway.url}/graphql`, store, send });
  const client = restart();
  await client.register({ email, password: PASSWORD });
  const [user] = await gateway.database.sql`select id from users where email = ${email}`;
  const userId = String(user?.id);
  const count = async (type: string) => {
    const [row] = await gateway.database.sql`select count(*)::int as n from audit_events where user_id = ${userId} and type = ${type}`;
    return row?.n;
  };
  return { client, email, store, restart, count, userId };
}

test("a hundred calls without an access token refresh once", async () => {
  const { email, restart, count } = await someone();
  const client = restart();
  const answers = await Promise.all(Array.from({ length: 100 }, () => client.call(ME)));
  for (const answer of answers) expect(answer).toEqual({ data: { me: { email } } });
  expect(await count("TOKEN_REFRESHED")).toBe(1);
});

test("an access token that was revoked is replaced, and the operation sent again, for all who sent it at once", async () => {
  const { client, email, count, userId } = await someone();
  const admin = await gateway.registerAdmin();
  const change = { query: "mutation ($id: ID!) { setUserRoles(userId: $id, roles: []) { id } }", variables: { id: userId } };
  expect((await gateway.post(change, { token: admin.accessToken })).errors).toEqual([]);
  const answers = await Promise.all(Array.from({ length: 10 }, () => client.call(ME)));
  for (const answer of answers) expect(answer).toEqual({ data: { me: { email } } });
  expect(await count("TOKEN_REFRESHED")).toBe(1);
});

test("a refresh whose answer was lost is asked for again after a restart, an hour later", async () => {
  const { email, store, restart, count } = await someone();
  const lossy: typeof fetch = async (...request) => {
    await (await fetch(...request)).text();
    throw new TypeError("the answer was lost");
  };
  await expect(restart(lossy).call(ME)).rejects.toThrow("the answer was lost");
  const { retryKey } = store.now;
  expect(retryKey).toBeDefined();
  gateway.clock.advance(3600);
  expect(await restart().call(ME)).toEqual({ data: { me: { email } } });
  expect(store.now.retryKey).toBeUndefined();
  expect([await count("TOKEN_REFRESHED"), await count("REFRESH_REPLAYED"), await count("REFRESH_REUSED")]).toEqual([1, 1, 0]);
});

test("a session that has ended is told by its code, and its token forgotten", async () => {
  const { store, restart, client } = await someone();
  const { refreshToken = "" } = store.now;
  await client.signOut();
  expect(store.now).toEqual({});
  expect(await client.token()).toBeUndefined();
  expect(await client.call(ME)).toMatchObject({ data: { me: null }, errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  store.write({ refreshToken });
  await expect(restart().call(ME)).rejects.toMatchObject({ code: "SESSION_ENDED", endReason: "LOGOUT" });
  expect(store.now).toEqual({});
});

test("whoever has registered is signed in by one session; a sign-in that fails is told by its code", async () => {
  const { client, email, userId } = await someone();
  expect(await client.call(ME)).toEqual({ data: { me: { email } } });
  const sessions = await gateway.database.sql`select id from sessions where user_id = ${userId}`;
  expect(sessions).toHaveLength(1);
  const refused = createClient({ url: `${gateway.url}/graphql`, store: memory() });
  await expect(refused.signIn({ email, password: "a wrong password" })).rejects.toMatchObject({ code: "INVALID_CREDENTIALS" });
  await expect(refused.register({ email, password: PASSWORD })).rejects.toMatchObject({ code: "EMAIL_TAKEN" });
});
