import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { print } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StartupError } from "../../src/core/errors.ts";
import { buildAuthGraph } from "../../src/graphql/schema.ts";
import { chooseDocuments } from "../../src/start/graphs/documents.ts";
import { LoginDocument, MeFromTokenDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { compareLanes, watchLanes } from "../support/clients/lanes.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { makeReachableFolder } from "../support/folders.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const me = print(MeFromTokenDocument);
const stranger = "{ me { id email } }";
const trusted = [me, print(RegisterDocument), print(LoginDocument)];

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const byHash = (texts: readonly string[]) => JSON.stringify(Object.fromEntries(texts.map((text) => [hashOf(text), text])));

/** What Apollo's tools write. */
const manifestOf = (texts: readonly string[]) =>
  JSON.stringify({
    format: "apollo-persisted-query-manifest",
    version: 1,
    operations: texts.map((body, index) => ({ id: hashOf(body), name: `Operation${index}`, type: "query", body })),
  });

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A file, there for as long as somebody reads it. */
async function withFile<Result>(content: string, use: (file: string) => Result | Promise<Result>): Promise<Result> {
  const folder = await makeReachableFolder("trusted-documents-");
  try {
    const file = join(folder, "documents.json");
    await writeFile(file, content);
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const persisted = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

describe.each([
  ["a map of hashes", byHash],
  ["Apollo's manifest", manifestOf],
])("with %s", (_name, write) => {
  let gateway: TestGateway;
  let token: string;
  beforeAll(async () => {
    gateway = await withFile(write(trusted), (file) => startTestGateway({ database, env: { TRUSTED_DOCUMENTS: file } }));
    token = (await gateway.register()).accessToken;
  });
  afterAll(() => gateway.close());

  test.each<readonly [name: string, body: object]>([
    ["its hash, as Apollo's clients send it", persisted(hashOf(me))],
    ["its documentId", { documentId: hashOf(me) }],
    ["its documentId with the name of the algorithm", { documentId: `sha256:${hashOf(me)}` }],
    ["its text", { query: me }],
    ["its text and its hash", { query: me, ...persisted(hashOf(me)) }],
  ])("a document of the list is served for %s", async (_how, body) => {
    const reply = await gateway.post(body, { token });
    expect(codesOf(reply)).toEqual([]);
    expect(reply.data?.me).not.toBeNull();
  });

  test("both lanes serve a document of the list alike, named in whatever way, and no other", async () => {
    const lanes = watchLanes(gateway.url);
    const ask = (body: object) => compareLanes(lanes, () => ({ token, body }));
    try {
      for (const body of [{ query: me }, { documentId: hashOf(me) }, persisted(hashOf(me))]) expect((await ask(body)).isDirect).toBe(true);
      for (const body of [{ query: stranger }, { query: stranger, documentId: hashOf(me) }]) expect((await ask(body)).isDirect).toBe(false);
    } finally {
      lanes.close();
    }
  });

  test("a mutation with variables is served for its hash", async () => {
    const variables = { input: { email: newEmail(), password: PASSWORD } };
    const reply = await gateway.post({ documentId: hashOf(print(RegisterDocument)), variables });
    expect(codesOf(reply)).toEqual([]);
  });

  test("a query is served for its hash by GET, and a mutation is not", async () => {
    const ask = (hash: string) =>
      fetch(`${gateway.url}/graphql?${new URLSearchParams({ extensions: JSON.stringify(persisted(hash).extensions) })}`, {
        headers: { "apollo-require-preflight": "1", authorization: `Bearer ${token}` },
      });
    expect((await ask(hashOf(me))).status).toBe(200);
    expect((await ask(hashOf(print(LoginDocument)))).status).toBe(405);
  });

  test.each<readonly [name: string, body: object, code: string]>([
    ["another text", { query: stranger }, "BAD_USER_INPUT"],
    ["another text with its hash", { query: stranger, ...persisted(hashOf(stranger)) }, "BAD_USER_INPUT"],
    ["another text with a trusted documentId", { query: stranger, documentId: hashOf(me) }, "BAD_USER_INPUT"],
    ["a trusted text with a space more", { query: `${me} ` }, "BAD_USER_INPUT"],
    ["introspection", { query: "{ __schema { queryType { name } } }" }, "BAD_USER_INPUT"],
    ["no GraphQL at all", { query: "hunter2 {" }, "BAD_USER_INPUT"],
    ["the hash of another text", persisted(hashOf(stranger)), "PERSISTED_QUERY_NOT_FOUND"],
    ["an unknown documentId", { documentId: "hunter2" }, "PERSISTED_QUERY_NOT_FOUND"],
    ["a name that objects have", { documentId: "__proto__" }, "PERSISTED_QUERY_NOT_FOUND"],
    ["a documentId that is no text", { documentId: [hashOf(me)] }, "BAD_REQUEST"],
  ])("%s is refused, the second time too", async (_name, body, code) => {
    for (const _time of [1, 2]) {
      const reply = await gateway.post(body, { token });
      expect(codesOf(reply)).toEqual([code]);
      expect(reply.data).toBeUndefined();
      expect(reply.text).not.toContain("hunter2");
    }
  });

  test("the same holds on a WebSocket", async () => {
    const socket = await openSocket(gateway.url);
    await socket.init({ accessToken: token });
    expect((await socket.ask(me)).errors).toEqual([]);
    expect((await socket.ask(stranger)).errors[0]?.extensions.code).toBe("BAD_USER_INPUT");
    const answerTo = async (id: string, payload: object) => {
      socket.send({ id, type: "subscribe", payload: { query: "", ...payload } });
      return JSON.stringify(await socket.until((message) => message.id === id));
    };
    expect(await answerTo("by-hash", persisted(hashOf(me)))).toContain('"me":{');
    expect(await answerTo("by-id", { documentId: hashOf(me) })).toContain('"me":{');
    expect(await answerTo("other", persisted(hashOf(stranger)))).toContain("PERSISTED_QUERY_NOT_FOUND");
    socket.socket.close();
  });
});

describe("a list that cannot be served stops the start, with what is wrong", () => {
  test.each<readonly [name: string, content: string, problem: RegExp]>([
    ["no JSON", "hunter2", /TRUSTED_DOCUMENTS must hold a JSON object/],
    ["a list", "[1]", /must hold a JSON object/],
    ["something else than texts", '{"a":{"b":1}}', /must hold a JSON object/],
    ["another manifest", '{"format":"other","operations":[]}', /must hold a JSON object/],
    ["operations without text", '{"format":"apollo-persisted-query-manifest","operations":[{"id":"a"}]}', /must hold a JSON object/],
    ["hashes of another kind", JSON.stringify({ abc: me }), /abc: its key is not its SHA-256/],
    [
      "a document that the schema does not fit",
      byHash([me, "{ nothing }"]),
      /has 1 that cannot be served:\n {2}- [0-9a-f]{64}: Cannot query field/,
    ],
    ["a document beyond the limits", byHash(["{ ...A } fragment A on Query { ...A }"]), /nested deeper/],
  ])("%s", async (_name, content, problem) => {
    const { schema } = await buildAuthGraph();
    const choose = () => withFile(content, (file) => chooseDocuments(file, { schema, introspection: false }));
    await expect(choose()).rejects.toThrow(StartupError);
    await expect(choose()).rejects.toThrow(problem);
  });

  test("no file", async () => {
    const { schema } = await buildAuthGraph();
    const choose = () => chooseDocuments("/nowhere/documents.json", { schema, introspection: false });
    expect(choose).toThrow(new StartupError("TRUSTED_DOCUMENTS cannot be read: /nowhere/documents.json (no such file or folder)"));
  });
});

describe("without a list", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ database });
  });
  afterAll(() => gateway.close());

  test("a client that has sent a document once sends its hash from then on", async () => {
    const query = "{ __typename }";
    expect(codesOf(await gateway.post(persisted(hashOf(query))))).toEqual(["PERSISTED_QUERY_NOT_FOUND"]);
    expect((await gateway.post({ query, ...persisted(hashOf(query)) })).data).toEqual({ __typename: "Query" });
    expect((await gateway.post(persisted(hashOf(query)))).data).toEqual({ __typename: "Query" });
  });

  test("a hash is not taken for another document", async () => {
    const reply = await gateway.post({ query: "{ __typename }", ...persisted(hashOf(stranger)) });
    expect(reply.status).toBe(400);
    expect(codesOf(await gateway.post(persisted(hashOf(stranger))))).toEqual(["PERSISTED_QUERY_NOT_FOUND"]);
  });
});
