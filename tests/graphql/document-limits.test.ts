import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentLimits, MAXIMUM_TOKENS } from "../../src/graphql/documents/document-limits.ts";
import { credentialFields } from "../../src/graphql/documents/document-size.ts";
import { createDocuments, type Documents, isDocument } from "../../src/graphql/documents/documents.ts";
import { buildAuthGraph } from "../../src/graphql/schema.ts";
import { MeFromTokenDocument } from "../generated/operations.ts";
import { codesOf, type ReplyError } from "../support/client.ts";
import { type Bomb, bombs } from "../support/clients/bombs.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import { readDocument } from "../support/documents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let gateway: TestGateway;
let accessToken: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  ({ accessToken } = await gateway.register());
});
afterAll(() => gateway.close());

function expectRefusal(errors: readonly ReplyError[], limit: RegExp | undefined): void {
  expect(errors).toHaveLength(1);
  const expected =
    limit === undefined
      ? { code: "GRAPHQL_PARSE_FAILED" }
      : { code: "BAD_USER_INPUT", fields: { request: [expect.stringMatching(limit)] } };
  expect(errors[0]?.extensions).toEqual(expected);
  expect(JSON.stringify(errors)).not.toContain("hunter2");
}

describe("a document beyond a limit is refused, on HTTP and on a WebSocket, the second time too", () => {
  test.each(bombs)("$name", async ({ query, limit }: Bomb) => {
    const socket = await openSocket(gateway.url);
    await socket.init({ accessToken });
    for (const _time of [1, 2]) {
      const reply = await gateway.post({ query }, { token: accessToken });
      expect(reply.status).toBe(400);
      expect(reply.data).toBeUndefined();
      expectRefusal(reply.errors, limit);
      expectRefusal((await socket.ask(query)).errors, limit);
    }
    expect((await socket.ask(MeFromTokenDocument)).data?.me).not.toBeNull();
    socket.socket.close();
  });

  test("by GET, too", async () => {
    const search = new URLSearchParams({ query: "{ ...A } fragment A on Query { ...A }" });
    const response = await fetch(`${gateway.url}/graphql?${search}`, { headers: { "apollo-require-preflight": "1" } });
    expect(response.status).toBe(400);
  });

  test("and is not kept for its hash", async () => {
    const query = "{ ...A } fragment A on Query { ...A }";
    const sha256Hash = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(query))).toString("hex");
    const extensions = { persistedQuery: { version: 1, sha256Hash } };
    expect(codesOf(await gateway.post({ query, extensions }))).toEqual(["BAD_USER_INPUT"]);
    expect(codesOf(await gateway.post({ extensions }))).toEqual(["PERSISTED_QUERY_NOT_FOUND"]);
  });
});

test("docs/guides/documents.md tells every limit", () => {
  const documentation = readDocument("docs/guides/documents.md");
  const limits = [{ of: "tokens", most: MAXIMUM_TOKENS }, ...documentLimits];
  for (const { of, most } of limits) {
    const name = of === "credentials" ? [...credentialFields].map((field) => `\`${field}\``).join(", ") : of;
    expect(documentation).toContain(`| ${name} | ${most.toLocaleString("en")} |`);
  }
});

test("a document with too many tokens is told so", async () => {
  const [error] = (await gateway.post({ query: `{ ${"__typename ".repeat(2001)} }` })).errors;
  expect(error?.message).toBe("The document has more than 2000 tokens.");
});

describe("no password is checked twice in one request", () => {
  test("and none at all in one that tries", async () => {
    const { user } = await gateway.register();
    const input = `{ email: "${user.email}", password: "${PASSWORD}" }`;
    const before = await gateway.database.sql`select count(*) from sessions`;
    const query = `mutation { a: login(input: ${input}) { tokenType } b: login(input: ${input}) { tokenType } }`;
    expect(codesOf(await gateway.post({ query }))).toEqual(["BAD_USER_INPUT"]);
    expect(await gateway.database.sql`select count(*) from sessions`).toEqual(before);
    expect((await gateway.login(user.email)).user.id).toBe(user.id);
  });

  test("nor in a batch", async () => {
    const query = `mutation { register(input: { email: "${newEmail()}", password: "${PASSWORD}" }) { tokenType } }`;
    const reply = await gateway.post([{ query }, { query }]);
    expect(reply.status).toBe(400);
    expect(codesOf(reply)).toEqual(["BAD_REQUEST"]);
  });

  test("but a document may hold several operations that do so once", async () => {
    const input = `input: { email: "${newEmail()}", password: "${PASSWORD}" }`;
    const query = `mutation Register { register(${input}) { tokenType } } mutation Login { login(${input}) { tokenType } }`;
    expect(codesOf(await gateway.post({ query, operationName: "Register" }))).toEqual([]);
    expect(codesOf(await gateway.post({ query, operationName: "Login" }))).toEqual([]);
  });
});

describe("what clients do send is within the limits", () => {
  test.each([
    ["introspection", getIntrospectionQuery()],
    ["introspection with everything", getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true, oneOf: true })],
    [
      "all of a user",
      "{ me { id email emailVerified roles status createdAt lastLoginAt sessions { id current createdAt lastUsedAt " +
        "idleExpiresAt expiresAt endedAt endReason ipAddress userAgent events(first: 20) { id type occurredAt ipAddress " +
        "userAgent succeeded detail } } } }",
    ],
    [
      "a page of users with their sessions",
      "query ($first: Int, $after: String) { users(first: $first, after: $after) { totalCount pageInfo { hasNextPage " +
        "endCursor } edges { cursor node { id email roles status sessions { id createdAt lastUsedAt ipAddress userAgent } } } } }",
    ],
    [
      "the whole audit trail, page by page",
      "query ($first: Int) { auditEvents(first: $first) { pageInfo { hasNextPage endCursor } edges { cursor node { id " +
        "type occurredAt userId actorId sessionId ipAddress userAgent succeeded detail } } } }",
    ],
  ])("%s", async (_name, query) => {
    const { accessToken: token } = await gateway.registerAdmin();
    expect(codesOf(await gateway.post({ query, variables: { first: 100 } }, { token }))).toEqual([]);
  });

  test("fragments that are spread in several places, thirty aliases, fifty directives", async () => {
    const aliases = Array.from({ length: 30 }, (_, index) => `a${index}: __typename`).join(" ");
    const directives = Array.from({ length: 50 }, () => "__typename @skip(if: false)").join(" ");
    const reply = await gateway.post({
      query: `{ ...A ...B ${directives} } fragment A on Query { ...B } fragment B on Query { __typename } `,
    });
    expect(codesOf(reply)).toEqual([]);
    expect(codesOf(await gateway.post({ query: `{ ${aliases} }` }))).toEqual([]);
  });
});

describe("what is kept of documents is bounded in bytes", () => {
  let documents: Documents;
  beforeAll(async () => {
    const { schema } = await buildAuthGraph();
    documents = createDocuments({ schema, introspection: true });
  });

  test("a document is parsed once, and again after many others", () => {
    const first = documents.read("{ __typename }");
    expect(isDocument(first)).toBe(true);
    expect(documents.read("{ __typename }")).toBe(first);
    for (let index = 0; index < 8000; index += 1) documents.read(`{ a${index}: __typename }`);
    const again = documents.read("{ __typename }");
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  test("one text too large for all of it is served and not kept", () => {
    const text = `{ __typename } ${"#".repeat(600_000)}`;
    expect(documents.read(text)).not.toBe(documents.read(text));
  });

  test("texts kept for their hashes push each other out", () => {
    const text = `{ __typename } ${"#".repeat(10_000)}`;
    for (let index = 0; index < 1000; index += 1) documents.texts.set(`hash-${index}`, text);
    expect(documents.texts.get("hash-0")).toBeUndefined();
    expect(documents.texts.get("hash-999")).toBe(text);
  });
});
