import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { loadArgon2Engine, loadNodeRsEngine, loadPasswordEngine, type PasswordEngine } from "../../src/auth/passwords/password-engine.ts";
import { LoginDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

/** The real engine, counted: equal work is what makes equal time, and can be asserted on a noisy machine. */
function count(engine: PasswordEngine): PasswordEngine & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    hash(password) {
      calls.push("hash");
      return engine.hash(password);
    },
    verify(hash, password) {
      // The parameters are what the work depends on.
      calls.push(`verify ${hash.split("$").slice(1, 4).join(" ")}`);
      return engine.verify(hash, password);
    },
  };
}

let engine: ReturnType<typeof count>;
let gateway: TestGateway;
let known: string;
beforeAll(async () => {
  engine = count(await loadPasswordEngine());
  gateway = await startTestGateway({ passwordEngine: engine });
  known = (await gateway.register()).user.email;
});
afterAll(() => gateway.close());
beforeEach(() => {
  engine.calls.length = 0;
});

const oneVerification = ["verify argon2id v=19 m=19456,t=2,p=1"];

test.each([
  ["a known address with a wrong password", () => known],
  ["an unknown address", () => newEmail()],
])("login for %s costs exactly one verification with the parameters of a real one", async (_name, email) => {
  const reply = await gateway.send(LoginDocument, { input: { email: email(), password: "not the password" } });
  expect(codesOf(reply)).toEqual(["INVALID_CREDENTIALS"]);
  expect(engine.calls).toEqual(oneVerification);
});

test("login for a disabled user costs the same, also with the right password", async () => {
  const { user } = await gateway.register();
  await gateway.database.sql`update users set status = 'DISABLED' where id = ${user.id}`;
  engine.calls.length = 0;
  expect(codesOf(await gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }))).toEqual(["INVALID_CREDENTIALS"]);
  expect(engine.calls).toEqual(oneVerification);
});

test("an unknown address leaves as many audit events as a wrong password", async () => {
  const writesOf = async (email: string) => {
    const before = await statistics();
    await gateway.send(LoginDocument, { input: { email, password: "not the password" } });
    const after = await statistics();
    return after - before;
  };
  expect(await writesOf(newEmail())).toBe(await writesOf(known));
});

async function statistics(): Promise<number> {
  const [row] = await gateway.database.sql`select count(*)::int as n from audit_events`;
  return row?.n;
}

test.each([
  ["@node-rs/argon2", loadNodeRsEngine, loadArgon2Engine],
  ["argon2", loadArgon2Engine, loadNodeRsEngine],
])("what %s hashed, the other engine verifies", async (_writer, loadWriter, loadReader) => {
  const [writer, reader] = await Promise.all([loadWriter(), loadReader()]);
  const hash = await writer.hash("pässwörd ∂ 🦉");
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await reader.verify(hash, "pässwörd ∂ 🦉")).toBe(true);
  expect(await reader.verify(hash, "passwörd ∂ 🦉")).toBe(false);
});
