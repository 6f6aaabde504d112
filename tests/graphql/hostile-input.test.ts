import { describe, expect, test } from "vitest";
import { codesOf, type SendOptions } from "../support/client.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { body, loginMutation, MARKER, registerMutation, SECRET, serveHostileClients } from "./hostile-clients.ts";

const attacked = serveHostileClients();
const { refusal, expectAlive, fetchText, postBytes } = attacked;

describe("a text that breaks a rule is refused in its field", () => {
  test.each([
    ["a NUL in the address", `"${MARKER}\\u0000@example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["a lone surrogate in the address", `"${MARKER}\\ud800@example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["a lone low surrogate in the address", `"${MARKER}@\\udc00example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["an address of 300 characters", `"${MARKER}${"x".repeat(275)}@example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["a line break and a header in the address", `"${MARKER}@example.com\\r\\nBcc: eve@example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["a Cyrillic letter in a Latin address", `"${MARKER}\\u0430@example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["fullwidth letters", `"${MARKER}\\uff41@example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["a zero-width space", `"${MARKER}\\u200b@example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["a right-to-left override", `"\\u202e${MARKER}@example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["SQL in the address", `"'; drop table users; -- ${MARKER}@example.com"`, JSON.stringify(PASSWORD), ["email"]],
    ["a NUL in the password", '"ada@example.com"', `"${SECRET}\\u0000"`, ["password"]],
    ["a lone surrogate in the password", '"ada@example.com"', `"${SECRET}\\ud800"`, ["password"]],
    ["a password of 90 kB", '"ada@example.com"', `"${SECRET}${"x".repeat(90_000)}"`, ["password"]],
    ["both wrong", `"${MARKER}"`, `"${SECRET}\\u0000"`, ["email", "password"]],
    ["both empty", '""', '""', ["email", "password"]],
  ])("%s", async (_name, email, password, fields) => {
    for (const mutation of [registerMutation, loginMutation]) {
      const sent = body(mutation, `{"input":{"email":${email},"password":${password}}}`);
      const reply = await refusal(() => attacked.gateway.post(sent));
      expect(reply.status).toBe(200);
      expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
      expect(Object.keys(reply.errors[0]?.extensions.fields ?? {})).toEqual(fields);
    }
    await expectAlive();
  });

  test.each([
    ["register", registerMutation],
    ["login", loginMutation],
  ])("bytes that are no UTF-8 never stand for a password: %s", async (_name, mutation) => {
    const sent = Buffer.from(body(mutation, `{"input":{"email":"${newEmail()}","password":"${SECRET} \u00f6"}}`), "latin1");
    await refusal(() => postBytes(sent));
  });
});

describe("variables that do not fit their types are BAD_USER_INPUT and never reach a resolver", () => {
  const email = '"email":"ada@example.com"';
  const password = `"password":"${SECRET}"`;
  test.each([
    ["roles", `{"input":{${email},${password},"roles":["admin"]}}`],
    ["emailVerified", `{"input":{${email},${password},"emailVerified":true}}`],
    ["an id", `{"input":{${email},${password},"id":"00000000-0000-0000-0000-000000000000"}}`],
    ["a field named like the secret", `{"input":{${email},${password},"${MARKER.replaceAll("-", "_")}":1}}`],
    ["constructor in the input", `{"input":{${email},${password},"constructor":"x"}}`],
    ["constructor.prototype in the input", `{"input":{${email},${password},"constructor":{"prototype":{"roles":["admin"]}}}}`],
    ["__proto__ in the input", `{"input":{${email},${password},"__proto__":{"roles":["admin"]}}}`],
    ["__proto__ instead of the input", `{"__proto__":{"input":{${email},${password}}}}`],
    ["__proto__ inside a value", `{"input":{"email":{"__proto__":{"a":1}},${password}}}`],
    ["__proto__ as an escape", `{"input":{${email},${password},"\\u005f_proto__":{"roles":["admin"]}}}`],
    ["a numeric password", `{"input":{${email},"password":123456}}`],
    ["a boolean password", `{"input":{${email},"password":true}}`],
    ["a list of passwords", `{"input":{${email},"password":["${SECRET}"]}}`],
    ["an object as password", `{"input":{${email},"password":{"$ne":"${SECRET}"}}}`],
    ["a null password", `{"input":{${email},"password":null}}`],
    ["no password", `{"input":{${email}}}`],
    ["no email", `{"input":{${password}}}`],
    ["a numeric email", `{"input":{"email":5,${password}}}`],
    ["a list of emails", `{"input":{"email":["${MARKER}@example.com"],${password}}}`],
    ["a null input", '{"input":null}'],
    ["no input", "{}"],
    ["null variables", "null"],
    ["a string as input", `{"input":"${SECRET}"}`],
    ["two inputs", `{"input":[{${email},${password}},{${email},${password}}]}`],
    ["a list nested 40,000 deep", `{"input":${"[".repeat(40_000)}${"]".repeat(40_000)}}`],
    ["an object nested 15,000 deep", `{"input":${'{"a":'.repeat(15_000)}1${"}".repeat(15_000)}}`],
  ])("%s", async (_name, variables) => {
    for (const mutation of [registerMutation, loginMutation]) {
      const reply = await refusal(() => attacked.gateway.post(body(mutation, variables)));
      expect(reply.status).toBe(400);
      expect(new Set(codesOf(reply))).toEqual(new Set(["BAD_USER_INPUT"]));
    }
  });

  test.each([
    ["a variable for a whole input", "mutation($input: LoginInput = null) { login(input: $input) { tokenType } }", '{"input":null}'],
    [
      "a null for a variable with a default",
      `mutation($input: LoginInput = {email: "${MARKER}@example.com", password: "${SECRET}"}) { login(input: $input) { tokenType } }`,
      '{"input":null}',
    ],
    [
      "a null for a part of a literal",
      `mutation($password: String = "x") { login(input: {email: "${MARKER}@example.com", password: $password}) { tokenType } }`,
      '{"password":null}',
    ],
    ["a null for a directive", "query ($yes: Boolean = true) { __typename @skip(if: $yes) }", '{"yes":null}'],
  ])("also where only the execution can tell: %s", async (_name, query, variables) => {
    const reply = await refusal(() => attacked.gateway.post(body(query, variables)));
    expect(reply.status).toBeLessThan(500);
  });

  test("leave no prototype polluted and the server alive", async () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).roles).toBeUndefined();
    await expectAlive();
  });
});

describe("an operation name that the document does not have is refused, and nothing is executed", () => {
  const input = () => `{email: "${newEmail()}", password: "${SECRET}"}`;
  test.each(["__proto__", "constructor", "toString", MARKER, ""])("%j", async (operationName) => {
    const query = `mutation Register { register(input: ${input()}) { tokenType } }`;
    const reply = await refusal(() => attacked.gateway.post({ query, operationName }));
    expect(reply.status).toBe(400);
    expect(codesOf(reply)).toEqual(["OPERATION_RESOLUTION_FAILURE"]);
    await expectAlive();
  });

  test("two operations and no name", async () => {
    const query = `mutation A { register(input: ${input()}) { tokenType } } mutation B { logout { endedSessions } }`;
    const reply = await refusal(() => attacked.gateway.post({ query }));
    expect(reply.status).toBe(400);
    expect(codesOf(reply)).toEqual(["OPERATION_RESOLUTION_FAILURE"]);
  });

  test.each(["Register", "Other", ""])("a mutation by GET, named %j", async (operationName) => {
    const query = `mutation Register { register(input: ${input()}) { tokenType } }`;
    const search = new URLSearchParams({ query, operationName });
    const answer = await refusal(() => fetchText({ headers: { "content-type": "application/json" } }, `/graphql?${search}`));
    expect(answer.status).toBe(operationName === "Register" ? 405 : 400);
  });

  test("a name such as toString is fine where an operation has it", async () => {
    const reply = await attacked.gateway.post({ query: "query toString { __typename }", operationName: "toString" });
    expect(reply.data).toEqual({ __typename: "Query" });
  });
});

describe("headers", () => {
  const userAgentOf = (email: string) => attacked.gateway.database.sql`select sessions.user_agent, audit_events.user_agent as audited
    from users join sessions on sessions.user_id = users.id join audit_events on session_id = sessions.id where email_key = ${email}`;

  async function registerWith(options: SendOptions) {
    const email = newEmail();
    const input = { email, password: PASSWORD };
    expect(codesOf(await attacked.gateway.post({ query: registerMutation, variables: { input } }, options))).toEqual([]);
    return (await userAgentOf(email))[0];
  }

  test.each([
    ["a very long user agent is cut", "u".repeat(10_000), "u".repeat(512)],
    ["markup and SQL are kept as text", "<script>'; drop table users; --", "<script>'; drop table users; --"],
    ["bytes beyond ASCII are kept", "caf\u00e9\u0080", "caf\u00e9\u0080"],
    ["escapes of line breaks stay escapes", "a\\r\\nX-Injected: 1%0d%0a", "a\\r\\nX-Injected: 1%0d%0a"],
  ])("%s", async (_name, userAgent, kept) => {
    expect(await registerWith({ headers: { "user-agent": userAgent } })).toEqual({ user_agent: kept, audited: kept });
  });

  test("a forwarded address is a claim and changes nothing", async () => {
    const forged = { "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9", "x-real-ip": "203.0.113.9" };
    await registerWith({ headers: forged });
    const rows = await attacked.gateway.database.sql`select 1 from audit_events where ip_address <> '127.0.0.1'`;
    expect(rows).toEqual([]);
  });
});
