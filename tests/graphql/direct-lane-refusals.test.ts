import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MARKER, me, persisted, two } from "../support/clients/lane-requests.ts";
import { compareLanes, type Lanes, type Sent, watchLanes } from "../support/clients/lanes.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail } from "../support/sign-in.ts";

let gateway: TestGateway;
let lanes: Lanes;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  lanes = watchLanes(gateway.url);
  token = (await gateway.register()).accessToken;
});
afterAll(async () => {
  lanes.close();
  await gateway.close();
});

const signedIn = (body: unknown, headers: Record<string, string> = {}): Sent => ({ token, body, headers });

describe("Apollo Server answers, whatever is known already,", () => {
  test.each<readonly [name: string, sent: () => Sent, status: number]>([
    ["an operation that the document has not", () => signedIn({ query: two, operationName: "Third" }), 400],
    ["an empty operation name", () => signedIn({ query: me, operationName: "" }), 400],
    ["an operation name that is no text", () => signedIn({ query: me, operationName: 1 }), 400],
    ["two operations and no name", () => signedIn({ query: two }), 400],
    ["a subscription", () => signedIn({ query: "subscription { sessionEvents { type } }" }), 400],
    ["a document that does not parse", () => signedIn({ query: `{ me { "${MARKER}" } }` }), 400],
    ["a document that does not validate", () => signedIn({ query: `{ me { id(x: "${MARKER}") } }` }), 400],
    [
      "two credential fields",
      () => ({
        body: {
          query:
            'mutation { a: logout { endedSessions } ...F } fragment F on Mutation { b: login(input: { email: "", ' +
            'password: "" }) { expiresIn } c: login(input: { email: "", password: "" }) { expiresIn } }',
        },
      }),
      400,
    ],
    ["variables that are a list", () => signedIn({ query: me, variables: [] }), 400],
    ["variables that are text", () => signedIn({ query: me, variables: "{}" }), 400],
    ["variables that are a number", () => signedIn({ query: me, variables: 0 }), 400],
    ["extensions that are a list", () => signedIn({ query: me, extensions: [] }), 400],
    ["extensions that are text", () => signedIn({ query: me, extensions: "" }), 400],
    ["no query", () => signedIn({}), 400],
    ["an empty query", () => signedIn({ query: "" }), 400],
    ["a query that is a document", () => signedIn({ query: { kind: "Document" } }), 400],
    ["a query that is null", () => signedIn({ query: null, variables: {} }), 400],
    ["a batch", () => signedIn([{ query: me }]), 400],
    ["a body that is null", () => signedIn("null"), 400],
    ["no body", () => signedIn(""), 400],
    ["a key that would change prototypes", () => signedIn(`{"query":${JSON.stringify(me)},"__proto__":{"a":1}}`), 400],
    [
      "JSON that is nested too deeply",
      () => signedIn(`{"query":${JSON.stringify(me)},"variables":{"a":${"[".repeat(70)}${"]".repeat(70)}}}`),
      400,
    ],
    ["bytes that are no UTF-8", () => signedIn(Buffer.from(`{"query":"${me} # \xff"}`, "latin1")), 400],
    ["a body that is too large", () => signedIn({ query: me, variables: { a: "a".repeat(110_000) } }), 413],
    ["a hash that nobody has sent a text for", () => signedIn({ extensions: persisted(MARKER) }), 200],
    ["a hash of another text", () => signedIn({ query: me, extensions: persisted(two) }), 400],
    ["a text to be kept under its hash", () => signedIn({ query: me, extensions: persisted(me) }), 200],
    ["a hash of another version", () => signedIn({ extensions: { persistedQuery: { ...persisted(me).persistedQuery, version: 2 } } }), 400],
    ["a type that needs no permission of other origins", () => signedIn({ query: me }, { "content-type": "text/plain" }), 400],
    ["a form", () => signedIn("query=%7Bme%7Bid%7D%7D", { "content-type": "application/x-www-form-urlencoded" }), 415],
    ["a type that looks like JSON's", () => signedIn({ query: me }, { "content-type": "application/json; a=text/plain" }), 200],
    ["a client that takes nothing", () => signedIn({ query: me }, { accept: "" }), 406],
    ["a client that takes no JSON", () => signedIn({ query: me }, { accept: "text/plain" }), 406],
    ["a client that takes pages alone", () => signedIn({ query: me }, { accept: "text/html" }), 406],
    ["a host that is none", () => signedIn({ query: me }, { host: "a b" }), 400],
  ])("%s", async (_name, sent, status) => {
    const answer = await compareLanes(lanes, sent);
    expect(answer.isDirect).toBe(false);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain(MARKER);
  });

  test("a document that is sent for the first time", async () => {
    const query = `{ me { id } } # ${newEmail()}`;
    expect((await lanes.ask(signedIn({ query }))).isDirect).toBe(false);
    expect((await lanes.ask(signedIn({ query }))).isDirect).toBe(true);
  });

  test("a GET", async () => {
    const response = await fetch(`${gateway.url}/graphql?${new URLSearchParams({ query: me })}`, {
      headers: { "apollo-require-preflight": "1" },
    });
    expect(response.status).toBe(200);
    const requestId = String(response.headers.get("x-request-id"));
    expect((await lanes.ask(signedIn({ query: me }))).headers["x-request-id"]).not.toBe(requestId);
  });
});
