import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

test("a call whose answer would be a page, which no call gets, is refused before anything is done for it", async () => {
  const email = newEmail();
  const query = "mutation ($input: RegisterInput!) { register(input: $input) { accessToken } }";
  const body = { query, variables: { input: { email, password: PASSWORD } } };
  const { status } = await gateway.post(body, { headers: { accept: "text/html" } });
  const accounts = await gateway.database.sql`select 1 from users where email = ${email}`;
  expect({ status, accounts: accounts.length }).toEqual({ status: 406, accounts: 0 });
});

test("a refresh that is refused so leaves the token as it was", async () => {
  const { refreshToken, session } = await gateway.register();
  const generation = async () => (await gateway.database.sql`select generation from sessions where id = ${session.id}`)[0]?.generation;
  const before = await generation();
  const query = "mutation ($input: RefreshInput) { refresh(input: $input) { refreshToken } }";
  const { status } = await gateway.post({ query, variables: { input: { refreshToken } } }, { headers: { accept: "text/*" } });
  expect({ status, generation: await generation() }).toEqual({ status: 406, generation: before });
});
