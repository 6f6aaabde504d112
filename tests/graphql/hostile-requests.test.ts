import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { codesOf } from "../support/client.ts";
import { newEmail } from "../support/sign-in.ts";
import { type Answer, body, loginMutation, MARKER, registerMutation, SECRET, serveHostileClients } from "./hostile-clients.ts";

const attacked = serveHostileClients();
const { refusal, expectAlive, fetchText } = attacked;

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
    const reply = await refusal(() => attacked.gateway.post(text, { headers: { "content-type": contentType } }));
    expect(reply.status).toBe(status);
    expect(codesOf(reply)).toEqual([code]);
  });

  test.each([
    ["a hash that is not the document's", { version: 1, sha256Hash: MARKER }],
    ["an unknown version", { version: 9, sha256Hash: MARKER }],
    ["text", SECRET],
  ])("a persisted query with %s", async (_name, persistedQuery) => {
    const reply = await refusal(() => attacked.gateway.post({ query: "{ __typename }", extensions: { persistedQuery } }));
    expect(reply.status).toBeLessThan(500);
  });

  test("an answer that the client would not take is refused before anything is done", async () => {
    const reply = await refusal(() =>
      attacked.gateway.post(good.replace("ada@example.com", newEmail()), { headers: { accept: "text/xml" } }),
    );
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
    expect(await processorSeconds(() => refusal(() => attacked.gateway.post(sent)))).toBeLessThan(MOST_SECONDS);
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
      const { status } = await attacked.gateway.post({ query: "{ __typename }" }, { headers });
      expect(status).toBeLessThan(500);
    });
    expect(seconds).toBeLessThan(MOST_SECONDS);
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
    const lines = attacked.gateway.logs.length;
    const { status, text } = await raw(request);
    expect([200, 400]).toContain(status);
    if (status === 200) expect(JSON.parse(text)).toEqual({ data: { __typename: "Query" } });
    else await refusal(() => Promise.resolve({ status, text }));
    expect(attacked.gateway.logs.slice(lines)).toEqual([]);
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
    const lines = attacked.gateway.logs.length;
    const { status, text } = await raw(request);
    expect([400, 431]).toContain(status);
    expect(text).not.toContain(MARKER);
    expect(attacked.gateway.logs.slice(lines)).toEqual([]);
  });

  test("and the server answers the next one", expectAlive);

  /** Writes bytes, reads until the end. */
  function raw(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(attacked.gateway.url).port), "127.0.0.1", () => socket.write(request, "latin1"));
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
