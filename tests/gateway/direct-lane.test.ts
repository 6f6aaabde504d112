import { describe, expect, test } from "vitest";
import { compareLanes, type Lanes, watchLanes } from "../support/clients/lanes.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openShop } from "../support/graphs/shop.ts";

/** Of one graph, of several, of the auth graph beside them; allowed, denied, refused, limited by their types, and false. */
const operations: readonly { query: string; variables?: unknown; operationName?: string }[] = [
  { query: "{ products(first: 2) { name cost supplier { name account } again: cost } }" },
  { query: "{ products { name inStock reviews { body author { nickname } } } }" },
  { query: "{ me { id email nickname } products(first: 1) { name } }" },
  { query: "{ me { id email } }" },
  { query: "{ warehouse { city places { code ... on Vault { combination } } } }" },
  { query: "{ margin }" },
  { query: "{ suppliers { name } __typename }" },
  { query: "query Q($n: Int!) { products(first: $n) { name } }", variables: { n: "many" } },
  { query: "query Q($n: Int!) { products(first: $n) { name } }" },
  { query: "{ products { __name: name } }" },
  { query: 'mutation { rename(id: "1", name: "x") { name cost inStock } }' },
  { query: 'mutation { rename(id: "77", name: "x") { name } }' },
  { query: "query A { me { id } } query B { products(first: 1) { cost } }", operationName: "B" },
];

async function open(access: string): Promise<{ gateway: TestGateway; lanes: Lanes; close(): Promise<void> }> {
  const shop = await openShop();
  const gateway = await startTestGateway({ gatewayYaml: shop.yaml() + access });
  const lanes = watchLanes(gateway.url);
  return {
    gateway,
    lanes,
    async close() {
      lanes.close();
      await gateway.close();
      await shop.close();
    },
  };
}

describe("with graphs behind the gateway, both lanes give the same answer", () => {
  test.each([
    ["where denied selections are cut", ""],
    ["where an operation is refused for a denied selection", "access: { denied: reject }\n"],
    ["in a dry run", "access: { dryRun: true }\n"],
  ])("%s", async (_name, access) => {
    const { gateway, lanes, close } = await open(access);
    try {
      const { accessToken } = await gateway.register();
      const callers = [undefined, accessToken, `${accessToken}x`];
      const answers = [];
      for (const body of operations) {
        for (const token of callers) answers.push(await compareLanes(lanes, () => ({ token, body })));
        answers.push(await compareLanes(lanes, () => ({ body, headers: { accept: "application/graphql-response+json" } })));
      }
      expect(answers.filter(({ isDirect }) => !isDirect).map(({ text }) => JSON.parse(text).errors[0].extensions.code)).toEqual([]);
    } finally {
      await close();
    }
  });
});
