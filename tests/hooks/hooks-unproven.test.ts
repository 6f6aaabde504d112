import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { LoginDocument, RegisterDocument, VerifyEmailDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lastFacts, messagesTo, tokenOf } from "../support/mail/outbox.ts";
import { type HooksModule, writeHooks } from "../support/processes/hooks-module.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { keptCalls } from "../support/webhooks/webhook-calls.ts";
import { type StatementTap, tapStatements } from "../support/wires/statement-tap.ts";

/* Where verification is required: the operator's code and webhooks tell nobody who has an account either. */

let database: TestDatabase;
let tap: StatementTap;
let hooks: HooksModule;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  tap = await tapStatements(database.url);
  hooks = await writeHooks(["beforeRegister", "claims"]);
  gateway = await startTestGateway({
    database: { ...database, url: tap.url },
    env: { EMAIL_VERIFICATION: "required", HOOK_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}` },
    gatewayYaml: `
roles: { support: {}, sales: {} }
hooks: { module: ${hooks.path} }
webhooks: [{ url: "http://127.0.0.1:9/", secret: { env: HOOK_SECRET }, events: [user.registered, user.email_verified] }]
`,
  });
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await database.drop();
  await hooks.remove();
});
beforeEach(() => {
  hooks.current.beforeRegister = () => undefined;
  hooks.current.claims = () => ({ plan: "gold" });
  hooks.takeCalls();
});

const register = (email: string) => gateway.send(RegisterDocument, { input: { email, password: PASSWORD } });
const verify = async (email: string) =>
  dataOf(await gateway.send(VerifyEmailDocument, { input: { token: tokenOf(await lastFacts(gateway, email, "verify_email")) } }));
const isOfACall = (statement: string) =>
  !/pg_catalog|revocations|signing_keys|advisory|skip locked|(update|from) outbox|erasure_at (is not|<)/i.test(statement);

/** A new address, one that waits for its proof, and one that has been proven. */
async function addresses(): Promise<string[]> {
  const [fresh, waiting, proven] = [newEmail(), newEmail(), newEmail()];
  for (const email of [waiting, proven]) await register(email);
  await verify(proven);
  hooks.takeCalls();
  return [fresh, waiting, proven];
}

test("a registration asks the same and takes the same statements, whether or not it is news to anybody", async () => {
  const observed: { asked: readonly string[]; statements: string[] }[] = [];
  for (const email of await addresses()) {
    const statements = await tap.during(async () => expect(codesOf(await register(email))).toEqual(["EMAIL_NOT_VERIFIED"]));
    observed.push({ asked: hooks.takeCalls().map(([hook]) => hook), statements: statements.filter(isOfACall) });
  }
  const [first] = observed;
  expect(first?.asked).toEqual(["beforeRegister"]);
  expect(first?.statements.filter((statement) => /insert into outbox/i.test(statement))).toHaveLength(2);
  for (const each of observed) expect(each).toEqual(first);
});

test("a registration that is news is told once, and one of a known address is not", async () => {
  for (const email of await addresses()) {
    await register(email);
    const [user] = await database.sql`select id from users where email_key = ${email}`;
    const told = (await keptCalls(gateway, user?.id)).map(({ type }) => type);
    expect(told.filter((type) => type === "user.registered")).toHaveLength(1);
  }
});

test("whoever is refused, or finds the hook failing, learns nothing, and nothing is sent", async () => {
  const failing = () => Promise.reject(new Error("away"));
  for (const beforeRegister of [() => ({ refuse: "By invitation only." }), failing]) {
    const all = await addresses();
    hooks.current.beforeRegister = beforeRegister;
    const sent = await Promise.all(all.map(async (email) => (await messagesTo(gateway, email)).length));
    const texts = await Promise.all(all.map(async (email) => (await register(email)).text));
    expect(new Set(texts).size).toBe(1);
    expect(await Promise.all(all.map(async (email) => (await messagesTo(gateway, email)).length))).toEqual(sent);
    hooks.current.beforeRegister = () => undefined;
  }
});

test("the roles are those of the one who made the account, and claims come with the first login", async () => {
  const email = newEmail();
  hooks.current.beforeRegister = () => ({ roles: ["support"] });
  await register(email);
  hooks.current.beforeRegister = () => ({ roles: ["sales"] });
  await register(email);
  await verify(email);
  expect(hooks.takeCalls().map(([hook]) => hook)).toEqual(["beforeRegister", "beforeRegister"]);
  const [row] = await database.sql`select roles from users where email_key = ${email}`;
  expect(row?.roles).toEqual(["user", "support"]);
});

test("a right password of an unverified account asks nobody for claims", async () => {
  const [, waiting = ""] = await addresses();
  const reply = await gateway.send(LoginDocument, { input: { email: waiting, password: PASSWORD } });
  expect(codesOf(reply)).toEqual(["EMAIL_NOT_VERIFIED"]);
  expect(hooks.takeCalls()).toEqual([]);
});
