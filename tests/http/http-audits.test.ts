import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/** Audits that a server which prevents cross-site request forgery cannot pass: they send what any web page's form can send. */
const refusedAsForgery: Readonly<Record<string, string>> = {
  "5A70": "a GET without a header that makes browsers ask first",
  D6D5: "the same, with variables",
  "6A70": "the same, with variables",
};

/** Recommendations that Apollo Server decides against, so that a change is seen. */
const notFollowed: Readonly<Record<string, string>> = {
  "572B": "a document that does not parse is 400 for application/json too, not 200",
  FDE2: "a document that does not validate is 400 for application/json too, not 200",
  "7B9B": "a variable that does not fit is 400 for application/json too, not 200",
};

const audits = serverAudits({ url: () => `${gateway.url}/graphql` });

test.each(audits.filter((audit) => !(audit.id in refusedAsForgery || audit.id in notFollowed)))("$id $name", async (audit) => {
  const result = await audit.fn();
  expect(result.status === "ok" ? "ok" : result.reason).toBe("ok");
});

test.each(audits.filter((audit) => audit.id in refusedAsForgery || audit.id in notFollowed))("not $id $name", async (audit) => {
  expect(audit.name).not.toMatch(/^MUST/);
  expect((await audit.fn()).status).not.toBe("ok");
});

test.each(audits.filter((audit) => audit.id in refusedAsForgery))("$id passes where the request cannot be forged", async (audit) => {
  const fetchFn = (url: string, init: RequestInit) =>
    fetch(url, { ...init, headers: { ...init?.headers, "apollo-require-preflight": "1" } });
  const [fair] = serverAudits({ url: `${gateway.url}/graphql`, fetchFn }).filter(({ id }) => id === audit.id);
  expect((await fair?.fn())?.status).toBe("ok");
});

test("names only audits that exist", () => {
  const ids = audits.map((audit) => audit.id);
  expect(ids).toEqual(expect.arrayContaining([...Object.keys(refusedAsForgery), ...Object.keys(notFollowed)]));
});

test("the directives that GraphQL specifies work", async () => {
  const query = "query ($yes: Boolean!) { __typename skipped: __typename @skip(if: $yes) included: __typename @include(if: $yes) }";
  const reply = await gateway.post({ query, variables: { yes: true } });
  expect(reply).toMatchObject({ status: 200, errors: [] });
  expect(reply.data).toEqual({ __typename: "Query", included: "Query" });
});
