import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codesOf, type SendOptions } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

/** Stands for whatever must come back in no answer and no log line. */
const MARKER = "hunter2-marker";
const SECRET = `${MARKER} by the sea`;

const registerMutation = "mutation($input: RegisterInput!) { register(input: $input) { user { id roles emailVerified } } }";
const loginMutation = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function countRows(): Promise<unknown> {
  const [counts] = await gateway.database.sql`select (select count(*)::int from users) as users,
    (select count(*)::int from sessions) as sessions, (select count(*)::int from audit_events) as audit_events`;
  return counts;
}

/** A 4xx or a partial answer whose every error is in GraphQL's shape; nothing of ours failed, nothing was echoed, logged or kept. */
async function refusal<Got extends Answer>(send: () => Promise<Got>): Promise<Got> {
  const rowsBefore = await countRows();
  const linesBefore = gateway.logs.length;
  const answer = await send();
  const { errors } = JSON.parse(answer.text);
  expect(errors).not.toHaveLength(0);
  for (const error of errors) expect(error).toMatchObject({ message: expect.any(String), extensions: { code: expect.any(String) } });
  expect(errors.map((error: { extensions: { code: string } }) => error.extensions.code)).not.toContain("INTERNAL_SERVER_ERROR");
  expect(answer.status).toBeLessThan(500);
  expect(answer.text).not.toContain(MARKER);
  expect(gateway.logs.slice(linesBefore).map((line) => line.msg)).toEqual([]);
  expect(await countRows()).toEqual(rowsBefore);
  return answer;
}

async function expectAlive(): Promise<void> {
  const { user } = await gateway.register();
  expect(await gateway.login(user.email)).toMatchObject({ user: { id: user.id, roles: ["user"], emailVerified: false } });
}

/** JSON as written, because `JSON.stringify` cannot write a `__proto__` or a lone surrogate. */
function body(query: string, variables: string): string {
  return `{"query":${JSON.stringify(query)},"variables":${variables}}`;
}

function postBytes(bytes: Buffer): Promise<Answer> {
  return fetchText({ method: "POST", headers: { "content-type": "application/json" }, body: new Uint8Array(bytes) });
}

async function fetchText(init: RequestInit, path = "/graphql"): Promise<Answer & { headers: Headers }> {
  const response = await fetch(`${gateway.url}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

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
      const reply = await refusal(() => gateway.post(sent));
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
      const reply = await refusal(() => gateway.post(body(mutation, variables)));
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
    const reply = await refusal(() => gateway.post(body(query, variables)));
    expect(reply.status).toBeLessThan(500);
  });

  test("leave no prototype polluted and the server alive", async () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).roles).toBeUndefined();
    await expectAlive();
  });
});

describe("a request that is no GraphQL request is refused in GraphQL's shape", () => {
  const json = "application/json";
  const good = JSON.stringify({ query: registerMutation, variables: { input: { email: "ada@example.com", password: SECRET } } });
  test.each<[name: string, status: number, code: string, body: string, contentType?: string]>([
    ["a body of 1 MB", 413, "BAD_USER_INPUT", good.replace(SECRET, SECRET + "x".repeat(1_000_000)), json],
    ["broken JSON", 400, "BAD_USER_INPUT", good.slice(0, -5), json],
    ["two documents", 400, "BAD_USER_INPUT", good + good, json],
    ["an empty body", 400, "BAD_USER_INPUT", "", json],
    ["__proto__ in the body", 400, "BAD_USER_INPUT", good.replace("{", '{"__proto__":{"a":1},'), json],
    ["UTF-16", 400, "BAD_USER_INPUT", [...good].join("\0"), json],
    ["XML", 415, "BAD_USER_INPUT", `<password>${SECRET}</password>`, "application/xml"],
    ["no content type that exists", 415, "BAD_USER_INPUT", good, "///"],
    ["the form of a GraphQL document", 415, "BAD_USER_INPUT", good, "application/graphql"],
    ["text/plain", 400, "BAD_REQUEST", good, "text/plain"],
    ["null", 400, "BAD_REQUEST", "null", json],
    ["a number", 400, "BAD_REQUEST", "5", json],
    ["a string", 400, "BAD_REQUEST", JSON.stringify(SECRET), json],
    ["no query", 400, "BAD_REQUEST", JSON.stringify({ variables: { password: SECRET } }), json],
    ["an empty batch", 400, "BAD_REQUEST", "[]", json],
    ["a batch", 400, "BAD_REQUEST", `[${good},${good}]`, json],
    ["a list as query", 400, "BAD_REQUEST", JSON.stringify({ query: [SECRET] }), json],
    ["a syntax tree as query", 400, "BAD_REQUEST", JSON.stringify({ query: { kind: "Document", definitions: [] } }), json],
    ["variables as text", 400, "BAD_REQUEST", JSON.stringify({ query: registerMutation, variables: SECRET }), json],
    ["variables as a list", 400, "BAD_REQUEST", JSON.stringify({ query: registerMutation, variables: [SECRET] }), json],
    ["extensions as text", 400, "BAD_REQUEST", JSON.stringify({ query: "{ __typename }", extensions: SECRET }), json],
    ["a numeric operation name", 400, "BAD_REQUEST", JSON.stringify({ query: "{ __typename }", operationName: 5 }), json],
    ["a broken document", 400, "GRAPHQL_PARSE_FAILED", JSON.stringify({ query: `{ login(password: "${SECRET}` }), json],
    ["a document nested 30,000 deep", 400, "GRAPHQL_PARSE_FAILED", JSON.stringify({ query: "{a".repeat(30_000) }), json],
    ["an unknown field", 400, "GRAPHQL_VALIDATION_FAILED", JSON.stringify({ query: "{ password }" }), json],
    ["a subscription", 400, "BAD_USER_INPUT", JSON.stringify({ query: "subscription { sessionEvents { type } }" }), json],
  ])("%s", async (_name, status, code, text, contentType = json) => {
    const reply = await refusal(() => gateway.post(text, { headers: { "content-type": contentType } }));
    expect(reply.status).toBe(status);
    expect(codesOf(reply)).toEqual([code]);
  });

  test.each([
    ["a hash that is not the document's", { version: 1, sha256Hash: MARKER }],
    ["an unknown version", { version: 9, sha256Hash: MARKER }],
    ["text", SECRET],
  ])("a persisted query with %s", async (_name, persistedQuery) => {
    const reply = await refusal(() => gateway.post({ query: "{ __typename }", extensions: { persistedQuery } }));
    expect(reply.status).toBeLessThan(500);
  });

  test("an answer that the client would not take is refused before anything is done", async () => {
    const reply = await refusal(() => gateway.post(good.replace("ada@example.com", newEmail()), { headers: { accept: "text/xml" } }));
    expect(reply.status).toBe(406);
  });

  test.each([
    ["another path", "POST", `/${MARKER}`, 404],
    ["a path that cannot be decoded", "POST", `/${MARKER}%ff`, 400],
    ["another method", "PUT", "/graphql", 405],
    ["a method that deletes", "DELETE", "/graphql", 405],
  ])("%s", async (_name, method, path, status) => {
    const answer = await refusal(() => fetchText({ method, headers: { "content-type": json }, body: good }, path));
    expect(answer.status).toBe(status);
  });
});

/** What grows with the square of the input takes far longer, on any machine. */
const MOST_SECONDS = 3;

/** Of this process, which serves: other programs do not count. */
async function processorSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000_000;
}

describe("no body keeps the server busy for others", () => {
  test.each([
    ["escaped quotes without end", `"${'\\"'.repeat(51_000)}`],
    ["escaped quotes and half an escape", `"${'\\"'.repeat(51_000)}\\`],
    ["backslashes without end", `"${"\\\\".repeat(51_000)}`],
    ["quotes", '"'.repeat(102_000)],
    ["one string without end", `"${"a".repeat(102_000)}`],
    ["brackets", "[".repeat(102_000)],
    ["objects", '{"a":'.repeat(20_000)],
    ["spaces", " ".repeat(102_000)],
    ["digits", "1".repeat(102_000)],
    ["spaces in a document", JSON.stringify({ query: `{${" ".repeat(100_000)}` })],
    ["a document of one name", JSON.stringify({ query: `{${"a".repeat(100_000)}}` })],
    ["a document of quotes", JSON.stringify({ query: '"'.repeat(50_000) })],
    ["a value that almost ends a message", body(loginMutation, `{"input":${JSON.stringify('" at "a.'.repeat(6000))}}`)],
    ["an address of dots", body(loginMutation, `{"input":{"email":"a@${"a.".repeat(48_000)}","password":"x"}}`)],
  ])("%s", async (_name, sent) => {
    expect(await processorSeconds(() => refusal(() => gateway.post(sent)))).toBeLessThan(MOST_SECONDS);
  });

  test.each([
    ["Accept", { accept: 'a/b;c="'.padEnd(14_000, '\\"') }],
    ["Accept with many types", { accept: "a/b;q=0.1,".repeat(1400) }],
    ["Content-Type", { "content-type": `application/json;${"a=;".repeat(4000)}` }],
    ["Cookie", { cookie: 'a="; '.repeat(2500) }],
    ["Authorization", { authorization: `Bearer ${" ".repeat(14_000)}x` }],
    ["Origin", { origin: `https://${"a.".repeat(7000)}` }],
  ])("nor does a header: %s", async (_name, headers) => {
    const seconds = await processorSeconds(async () => {
      const { status } = await gateway.post({ query: "{ __typename }" }, { headers });
      expect(status).toBeLessThan(500);
    });
    expect(seconds).toBeLessThan(MOST_SECONDS);
  });
});

describe("an operation name that the document does not have is refused, and nothing is executed", () => {
  const input = () => `{email: "${newEmail()}", password: "${SECRET}"}`;
  test.each(["__proto__", "constructor", "toString", MARKER, ""])("%j", async (operationName) => {
    const query = `mutation Register { register(input: ${input()}) { tokenType } }`;
    const reply = await refusal(() => gateway.post({ query, operationName }));
    expect(reply.status).toBe(400);
    expect(codesOf(reply)).toEqual(["OPERATION_RESOLUTION_FAILURE"]);
    await expectAlive();
  });

  test("two operations and no name", async () => {
    const query = `mutation A { register(input: ${input()}) { tokenType } } mutation B { logout { endedSessions } }`;
    const reply = await refusal(() => gateway.post({ query }));
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
    const reply = await gateway.post({ query: "query toString { __typename }", operationName: "toString" });
    expect(reply.data).toEqual({ __typename: "Query" });
  });
});

describe("headers", () => {
  const userAgentOf = (email: string) => gateway.database.sql`select sessions.user_agent, audit_events.user_agent as audited
    from users join sessions on sessions.user_id = users.id join audit_events on session_id = sessions.id where email_key = ${email}`;

  async function registerWith(options: SendOptions) {
    const email = newEmail();
    const input = { email, password: PASSWORD };
    expect(codesOf(await gateway.post({ query: registerMutation, variables: { input } }, options))).toEqual([]);
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
    const rows = await gateway.database.sql`select 1 from audit_events where ip_address <> '127.0.0.1'`;
    expect(rows).toEqual([]);
  });
});

describe("what no HTTP client would send", () => {
  const query = '{"query":"{ __typename }"}';
  const post = (...headers: string[]) =>
    ["POST /graphql HTTP/1.1", ...headers, "Connection: close", `Content-Length: ${query.length}`, "", query].join("\r\n");
  const json = "Content-Type: application/json";

  test.each([
    ["Host with a space", post("Host: a b", json)],
    ["Host with a bracket", post("Host: [", json)],
    ["Host with a bad escape", post("Host: %zz", json)],
    ["Host with a fragment", post("Host: #", json)],
    ["an empty Host", post("Host: ", json)],
    ["Host with bad punycode", post("Host: xn--a", json)],
    ["an absolute target beside a bad Host", post("Host: [", json).replace("/graphql", "http://localhost/graphql")],
    ["HTTP/1.0 without Host", post(json).replace("HTTP/1.1", "HTTP/1.0")],
  ])("%s is no failure of ours", async (_name, request) => {
    const lines = gateway.logs.length;
    const { status, text } = await raw(request);
    expect([200, 400]).toContain(status);
    if (status === 200) expect(JSON.parse(text)).toEqual({ data: { __typename: "Query" } });
    else await refusal(() => Promise.resolve({ status, text }));
    expect(gateway.logs.slice(lines)).toEqual([]);
  });

  test.each([
    ["HTTP/1.1 without Host", post(json)],
    ["a URL longer than the server reads", post("Host: localhost", json).replace("/graphql", `/graphql?query=${MARKER.repeat(2000)}`)],
    ["a folded user agent", post("Host: localhost", "User-Agent: a\r\n X-Injected: 1", json)],
    ["a control character in a header", post("Host: localhost", "User-Agent: a\u0001b", json)],
    ["a NUL in a header", post("Host: localhost", "User-Agent: a\0b", json)],
    ["two lengths", post("Host: localhost", json, "Transfer-Encoding: chunked")],
    ["no HTTP", `${MARKER}\r\n\r\n`],
  ])("%s is refused before it reaches us", async (_name, request) => {
    const lines = gateway.logs.length;
    const { status, text } = await raw(request);
    expect([400, 431]).toContain(status);
    expect(text).not.toContain(MARKER);
    expect(gateway.logs.slice(lines)).toEqual([]);
  });

  test("and the server answers the next one", expectAlive);

  /** Writes bytes, reads until the end. */
  function raw(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1", () => socket.write(request, "latin1"));
      let received = "";
      socket.on("data", (chunk) => {
        received += chunk.toString();
      });
      socket.on("error", reject);
      socket.on("close", () => {
        const end = received.indexOf("\r\n\r\n");
        resolve({ status: Number(received.slice(9, 12)), text: received.slice(end + 4) });
      });
    });
  }
});
