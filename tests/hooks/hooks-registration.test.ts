import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type HooksModule, writeHooks } from "../support/processes/hooks-module.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let hooks: HooksModule;
let gateway: TestGateway;
beforeAll(async () => {
  hooks = await writeHooks(["beforeRegister"]);
  gateway = await startTestGateway({
    env: { TRUSTED_PROXIES: "127.0.0.1" },
    gatewayYaml: `roles: { support: {} }\nhooks: { module: ${hooks.path} }\n`,
  });
});
afterAll(async () => {
  await gateway.close();
  await hooks.remove();
});
beforeEach(() => {
  hooks.current.beforeRegister = () => undefined;
  hooks.takeCalls();
});

const register = (email: string, password = PASSWORD) =>
  gateway.send(
    RegisterDocument,
    { input: { email, password } },
    { headers: { "x-forwarded-for": "192.0.2.7", "user-agent": "Ada's browser" } },
  );
const rows = async () => {
  const [row] = await gateway.database.sql`select
    (select count(*)::int from users) as users, (select count(*)::int from sessions) as sessions,
    (select count(*)::int from audit_events) as events, (select count(*)::int from outbox) as messages`;
  return row;
};

test("it is asked with the address as typed and where the call came from, before anything else", async () => {
  const email = newEmail().replace("user", "User");
  dataOf(await register(email));
  const emailKey = email.toLowerCase();
  expect(hooks.takeCalls()).toEqual([["beforeRegister", { email, emailKey, ipAddress: "192.0.2.7", userAgent: "Ada's browser" }]]);
});

test.each(["eve@Bücher.example", "EVE@xn--bcher-kva.EXAMPLE"])(
  "a rule about addresses cannot be got round by spelling one %s",
  async (email) => {
    hooks.current.beforeRegister = ({ emailKey }) => (emailKey.endsWith("@bücher.example") ? { refuse: "By invitation only." } : undefined);
    expect(codesOf(await register(email))).toEqual(["REGISTRATION_REFUSED"]);
  },
);

test("a refusal has the operator's reason, and leaves nothing behind", async () => {
  hooks.current.beforeRegister = async () => ({ refuse: "By invitation only." });
  const before = await rows();
  const reply = await register(newEmail());
  expect(reply.errors[0]?.extensions).toEqual({ code: "REGISTRATION_REFUSED", reason: "By invitation only." });
  expect(await rows()).toEqual(before);
});

test("whoever is refused does not learn whether the address is known", async () => {
  const { user } = await gateway.register();
  hooks.current.beforeRegister = () => ({ refuse: "By invitation only." });
  const [known, unknown] = [await register(user.email), await register(newEmail())];
  expect(known.errors[0]?.extensions).toEqual(unknown.errors[0]?.extensions);
  expect(known.data).toEqual(unknown.data);
});

test("roles are given from the first token on", async () => {
  hooks.current.beforeRegister = ({ email }) => ({ roles: email.endsWith("@example.com") ? ["support"] : [] });
  const { user } = dataOf(await register(newEmail())).register;
  expect(user.roles).toEqual(["user", "support"]);
  const [row] = await gateway.database.sql`select roles from users where id = ${user.id}`;
  expect(row?.roles).toEqual(["user", "support"]);
});

test("nobody becomes an admin by it", async () => {
  hooks.current.beforeRegister = () => ({ roles: ["admin"] });
  const before = await rows();
  expect(codesOf(await register(newEmail()))).toEqual(["SERVICE_UNAVAILABLE"]);
  expect(await rows()).toEqual(before);
});

test("where it fails nobody registers, and what it threw stays with the operator", async () => {
  hooks.current.beforeRegister = () => Promise.reject(new Error("no route to crm.internal"));
  const before = await rows();
  const reply = await register(newEmail());
  expect(codesOf(reply)).toEqual(["SERVICE_UNAVAILABLE"]);
  expect(reply.text).not.toContain("crm.internal");
  expect(await rows()).toEqual(before);
  expect(gateway.logs.findLast(({ msg }) => msg === "a hook failed")).toMatchObject({
    hook: "beforeRegister",
    err: { message: "no route to crm.internal" },
  });
});

test("it is not asked about what breaks a rule anyway", async () => {
  expect(codesOf(await register("no address"))).toEqual(["BAD_USER_INPUT"]);
  expect(codesOf(await register(newEmail(), "short"))).toEqual(["BAD_USER_INPUT"]);
  expect(hooks.takeCalls()).toEqual([]);
});
