import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, MeDocument, RefreshDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, type Reply } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { insides, restored, SECRET, SECRET_WORD } from "./masked-errors.ts";

describe("an unexpected error", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  /** One masked error; the log has the cause under the same request id, and neither has what must stay inside. */
  function expectMasked(reply: Reply<unknown>, secrets: readonly string[], linesBefore: number): void {
    const requestId = reply.headers.get("x-request-id");
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.status).toBe(200);
    expect(reply.errors).toEqual([
      {
        message: "Something went wrong on our side; quote the request id when you report it.",
        locations: expect.any(Array),
        path: expect.any(Array),
        extensions: { code: "INTERNAL_SERVER_ERROR", requestId },
      },
    ]);
    const lines = gateway.logs.slice(linesBefore);
    expect(lines).toEqual([expect.objectContaining({ level: 50, requestId, err: expect.objectContaining({ stack: expect.any(String) }) })]);
    for (const text of [reply.text, JSON.stringify(lines)]) {
      expect(text).not.toMatch(insides);
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
    expect(reply.text).not.toMatch(/relation|constraint|trigger|stack|\.ts|node_modules/);
  }

  async function whileBroken(breakIt: string, mendIt: string, work: () => Promise<void>): Promise<void> {
    await gateway.database.sql.unsafe(breakIt);
    await work().finally(() => gateway.database.sql.unsafe(mendIt));
  }

  test.each([
    ["a table is gone", "alter table audit_events rename to away", "alter table away rename to audit_events"],
    ["a column is gone", "alter table sessions rename column user_agent to away", "alter table sessions rename column away to user_agent"],
    [
      "a constraint fails, whose message holds the whole row",
      "alter table audit_events add constraint broken check (false) not valid",
      "alter table audit_events drop constraint broken",
    ],
    [
      "a trigger fails",
      `create function broken() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
       create trigger broken before insert or update on sessions for each row execute function broken()`,
      "drop function broken() cascade",
    ],
  ])("is masked, logged under its request id, and rolled back: %s", async (_name, breakIt, mendIt) => {
    const { user, refreshToken } = await gateway.register();
    const email = `${SECRET_WORD}-${newEmail()}`;
    await whileBroken(breakIt, mendIt, async () => {
      const sends = [
        () => gateway.send(RegisterDocument, { input: { email, password: SECRET } }),
        () => gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }),
        () => gateway.send(RefreshDocument, { input: { refreshToken } }),
      ];
      for (const send of sends) {
        const lines = gateway.logs.length;
        expectMasked(await send(), [SECRET_WORD, PASSWORD, user.email, user.id, refreshToken ?? "", "127.0.0.1"], lines);
      }
    });
    const left = await gateway.database.sql`select 1 from users where email_key = ${email}`;
    expect(left).toEqual([]);
    expect(codesOf(await gateway.send(RegisterDocument, { input: { email, password: SECRET } }))).toEqual([]);
    expect(codesOf(await gateway.send(RefreshDocument, { input: { refreshToken } }))).toEqual([]);
    await restored(gateway);
  });

  test("is masked where a row holds the user's secrets", async () => {
    const email = `${SECRET_WORD}-${newEmail()}`;
    await whileBroken(
      "alter table users add constraint broken check (false) not valid",
      "alter table users drop constraint broken",
      async () => {
        const lines = gateway.logs.length;
        expectMasked(await gateway.send(RegisterDocument, { input: { email, password: SECRET } }), [SECRET_WORD], lines);
      },
    );
    await restored(gateway);
  });

  test("is none where a stored hash is damaged: no password fits it", async () => {
    const { user } = await gateway.register();
    await gateway.database.sql`update users set password_hash = '$argon2id$damaged-hash' where id = ${user.id}`;
    const reply = await gateway.send(LoginDocument, { input: { email: user.email, password: SECRET } });
    expect(codesOf(reply)).toEqual(["INVALID_CREDENTIALS"]);
    expect(reply.text).not.toContain("damaged-hash");
    await restored(gateway);
  });

  test("in one field leaves the others their data", async () => {
    const { accessToken, user } = await gateway.register();
    await whileBroken("alter table users rename to away", "alter table away rename to users", async () => {
      const lines = gateway.logs.length;
      const query = "{ mine: me { id } __typename broken: me { email lastLoginAt } }";
      const reply = await gateway.post({ query }, { token: accessToken });
      expectMasked(reply, [user.id.slice(0, 13) + SECRET_WORD], lines);
      expect(reply.data).toEqual({ mine: { id: user.id }, __typename: "Query", broken: { email: user.email, lastLoginAt: null } });
      expect(reply.errors[0]?.path).toEqual(["broken", "lastLoginAt"]);
    });
    expect(codesOf(await gateway.send(MeDocument, {}, { token: accessToken }))).toEqual([]);
  });

  test("outside a field is masked too: an engine that fails with the password in its message", async () => {
    const passwordEngine = {
      hash: async () => "a hash",
      verify: (_hash: string, password: string) => Promise.reject(new Error(`cannot verify ${password}`)),
    };
    const other = await startTestGateway({ database: gateway.database, passwordEngine });
    const reply = await other.send(LoginDocument, { input: { email: newEmail(), password: SECRET } });
    expect(codesOf(reply)).toEqual(["INTERNAL_SERVER_ERROR"]);
    expect(reply.text).not.toContain(SECRET_WORD);
    await other.close();
  });
});

describe("the request id", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  test.each<[string, RequestInit, string?]>([
    ["data", { method: "POST", headers: { "content-type": "application/json" }, body: '{"query":"{ __typename }"}' }],
    ["a validation error", { method: "POST", headers: { "content-type": "application/json" }, body: '{"query":"{ nothing }"}' }],
    ["broken JSON", { method: "POST", headers: { "content-type": "application/json" }, body: "{" }],
    ["a body that is too large", { method: "POST", headers: { "content-type": "application/json" }, body: " ".repeat(200_000) }],
    ["a content type that is not supported", { method: "POST", headers: { "content-type": "application/xml" }, body: "<a/>" }],
    ["a request that may be forged", {}],
    ["a page that is not there", {}, "/nothing"],
    ["the public keys", {}, "/.well-known/jwks.json"],
  ])("is in every answer, its own each time, and never the caller's: %s", async (_name, init, path = "/graphql") => {
    const headers = { ...(init.headers as Record<string, string>), "x-request-id": SECRET_WORD, "request-id": SECRET_WORD };
    const ids = new Set<string | null>();
    for (const response of [await fetch(gateway.url + path, { ...init, headers }), await fetch(gateway.url + path, { ...init, headers })]) {
      ids.add(response.headers.get("x-request-id"));
      expect(await response.text()).not.toContain(SECRET_WORD);
    }
    expect([...ids]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });
});

describe("an error about the document or its variables names no value", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  const number = "8675309";
  test.each([
    ["a number for a string", `mutation { login(input: {email: 5, password: ${number}}) { tokenType } }`],
    ["a float", `mutation { login(input: {email: "a", password: ${number}.5}) { tokenType } }`],
    ["a list", `mutation { login(input: {email: "a", password: ["${SECRET}"]}) { tokenType } }`],
    ["an object", `mutation { login(input: {email: "a", password: {of: "${SECRET}"}}) { tokenType } }`],
    ["a string for an input", `mutation { login(input: "${SECRET}") { tokenType } }`],
    ["a string for a boolean", `{ __typename @skip(if: "${SECRET}") }`],
    ["the default of a variable", `query ($a: Int = "${SECRET}") { __typename @skip(if: $a) }`],
    ["the default of an input", `mutation ($a: LoginInput = {email: "${SECRET}"}) { login(input: $a) { tokenType } }`],
    ["an argument that is not there", `{ me(password: "${SECRET}") { id } }`],
    ["a field that is not there", `mutation { login(input: {mail: "${SECRET}", password: "${SECRET}"}) { tokenType } }`],
    ["two values for one field", `mutation { login(input: {email: "${SECRET}", email: "${SECRET}"}) { tokenType } }`],
    ["two fields of one name", `mutation { a: logout(input: {refreshToken: "${SECRET}"}) { endedSessions } a: logout { endedSessions } }`],
    ["a directive that is not there", `{ __typename @nothing(password: "${SECRET}") }`],
    ["an unfinished string", `mutation { login(input: {email: "a", password: "${SECRET}`],
    ["a bad escape", `mutation { login(input: {email: "a", password: "${SECRET}\\q"}) { tokenType } }`],
    ["a string where a name belongs", `mutation { "${SECRET}" }`],
    ["a block string where a name belongs", `mutation { """${SECRET}""" }`],
    ["a word where a mutation belongs", "hunter2 { a }"],
    ["a bad number", `mutation { login(input: {password: ${number}x}) { tokenType } }`],
    ["a bad character", "mutation { login(input: {password: ?hunter2}) }"],
  ])("%s", async (_name, query) => {
    const lines = gateway.logs.length;
    const reply = await gateway.post({ query });
    expect(reply.status).toBe(400);
    const codes = codesOf(reply);
    expect(codes).not.toEqual([]);
    for (const code of codes) expect(["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"]).toContain(code);
    expect(reply.text).not.toMatch(/hunter2|8675309/);
    expect(gateway.logs.slice(lines)).toEqual([]);
  });

  const login = "mutation ($input: LoginInput!) { login(input: $input) { tokenType } }";
  test.each([
    ["a number", login, { input: { email: "a", password: 8675309 } }, { "input.password": ["Does not fit its type."] }],
    ["a list", login, { input: { email: "a", password: [SECRET] } }, { "input.password": ["Does not fit its type."] }],
    ["an object", login, { input: { email: "a", password: { of: SECRET } } }, { "input.password": ["Does not fit its type."] }],
    ["null", login, { input: { email: SECRET, password: null } }, { "input.password": ["Does not fit its type."] }],
    ["a field too many", login, { input: { email: SECRET, password: SECRET, hunter2: 1 } }, { input: ["Does not fit its type."] }],
    ["a field too few", login, { input: { email: SECRET } }, { input: ["Does not fit its type."] }],
    ["a value that looks like a path", login, { input: { email: 'x" at "hunter2"; ' } }, { input: ["Does not fit its type."] }],
    ["a string for an input", login, { input: SECRET }, { input: ["Does not fit its type."] }],
    ["a string for a boolean", "query ($a: Boolean!) { __typename @skip(if: $a) }", { a: SECRET }, { a: ["Does not fit its type."] }],
  ])("a variable: %s", async (_name, query, variables, fields) => {
    const lines = gateway.logs.length;
    const reply = await gateway.post({ query, variables });
    expect(reply.status).toBe(400);
    expect(reply.errors[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", fields });
    expect(reply.text).not.toMatch(/hunter2|8675309/);
    expect(gateway.logs.slice(lines)).toEqual([]);
  });
});
