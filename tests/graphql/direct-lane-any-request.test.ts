import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hashOf, MARKER, me, page, persisted, refreshing, two, userById } from "../support/clients/lane-requests.ts";
import { compareLanes, type Lanes, watchLanes } from "../support/clients/lanes.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { rounds } from "../support/rounds.ts";

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

/** Mostly the one, now and then the other. */
function mostly<Value>(usual: readonly Value[], odd: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });
}

const oddExtensions = [
  persisted(me),
  persisted(two),
  { persistedQuery: 0 },
  { persistedQuery: {} },
  { persistedQuery: { version: "1", sha256Hash: hashOf(me) } },
  { persistedQuery: { version: 1, sha256Hash: [hashOf(me)] } },
];
const oddVariables = [{ id: 5, first: MARKER }, { first: -1 }, { first: 1e9, role: null }, { input: [] }, [], "", "{}", 0, false, true];

const bodies = fc.record(
  {
    query: mostly<unknown>([me, two, userById, page, refreshing], ["{", "{ nothing }", "", null, 1, [me], { kind: "Document" }]),
    operationName: mostly<unknown>([null, "One", "Other", "User", "Page", "Refresh"], ["", "__proto__", 0, false, ["One"], {}]),
    variables: mostly<unknown>([null, {}, { id: "x" }, { first: 2, role: "admin" }], oddVariables),
    extensions: mostly<unknown>([null, {}, { other: 1 }, { persistedQuery: null }], [...oddExtensions, [], "", 7]),
  },
  { requiredKeys: ["query"] },
);
const headers = fc.record(
  {
    accept: mostly(
      ["*/*", "application/json", "application/graphql-response+json;q=0.1, */*"],
      ["text/event-stream", "application/json;q=0", "nonsense", ", ,"],
    ),
    "content-type": mostly(
      ["application/json", "application/json;charset=utf-8"],
      ["application/json; charset=latin1", "APPLICATION/JSON", "text/plain", "application/graphql", "application/json, text/plain"],
    ),
  },
  { requiredKeys: [] },
);

test("whatever is put into a request, both lanes give the same answer", async () => {
  const isDirect: boolean[] = [];
  const requests = fc.record({ body: bodies, headers, isSignedIn: fc.boolean() });
  const property = fc.asyncProperty(requests, async ({ body, headers, isSignedIn }) => {
    const answer = await compareLanes(lanes, () => ({ body, headers, token: isSignedIn ? token : undefined }));
    isDirect.push(answer.isDirect);
    if (answer.isDirect) expect(answer.text).not.toContain(MARKER);
  });
  await fc.assert(property, { numRuns: rounds(150) });
  expect(isDirect.filter((each) => each).length).toBeGreaterThan(10);
  expect(isDirect.filter((each) => !each).length).toBeGreaterThan(10);
});
