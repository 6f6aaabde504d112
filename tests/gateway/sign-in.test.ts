import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openShop, type Shop } from "../support/graphs/shop.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let shop: Shop;
let gateway: TestGateway;

beforeAll(async () => {
  shop = await openShop();
  gateway = await startTestGateway({ gatewayYaml: shop.yaml(), env: { REFRESH_TOKEN_CARRIER: "cookie" } });
});
afterAll(async () => {
  await gateway?.close();
  await shop?.close();
});

const register = (selection: string) =>
  gateway.post({
    query: `mutation ($input: RegisterInput!) { register(input: $input) { refreshToken accessToken ${selection} } }`,
    variables: { input: { email: newEmail(), password: PASSWORD } },
  });

test.each([
  ["alone", "user { id }"],
  ["with what another graph says of the new user", "user { id nickname }"],
])("signing in %s sets the cookie, and the cookie refreshes", async (_title, selection) => {
  const { data, errors, headers } = await register(selection);
  expect(errors).toEqual([]);
  expect(data).toMatchObject({ register: { refreshToken: null } });
  const [cookie = ""] = headers.getSetCookie();
  expect(cookie).toMatch(/^__Host-refresh_token=rt2_.*HttpOnly; Secure; SameSite=Strict/);
  shop.takeCalls();
  const refreshed = await gateway.post(
    { query: "mutation { refresh { refreshToken user { nickname } } }" },
    { headers: { cookie: cookie.split(";")[0] ?? "" } },
  );
  expect(refreshed.errors).toEqual([]);
  expect(refreshed.headers.getSetCookie()).toHaveLength(1);
  const calls = shop.takeCalls();
  expect(calls).not.toEqual([]);
  for (const { headers: sent } of calls) expect(JSON.stringify(sent)).not.toMatch(/rt2_|cookie/i);
});

test("a password is checked once a request, whatever stands beside it", async () => {
  const login = 'login(input: { email: "a@b.example", password: "some password" }) { tokenType }';
  const { status, errors } = await gateway.post({ query: `mutation { a: ${login} rename(id: "1", name: "x") { name } b: ${login} }` });
  expect({ status, errors }).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
});

test("mutations over two graphs run one after the other, in the order of the document", async () => {
  const { data } = await register("user { id }");
  const token = (data as { register: { accessToken: string } }).register.accessToken;
  const query =
    'mutation { first: rename(id: "1", name: "one") { name } logout { endedSessions } second: rename(id: "2", name: "two") { name } }';
  shop.takeCalls();
  const answer = await gateway.post({ query }, { token });
  expect(answer.data).toMatchObject({ first: { name: "one" }, logout: { endedSessions: 1 }, second: { name: "two" } });
  expect(shop.takeCalls().map(({ query: sent }) => /name: (?:\$\w+|"(\w+)")|rename/.test(sent))).toEqual([true, true]);
});

test("wrong passwords are limited as without a gateway", async () => {
  const limited = await startTestGateway({ gatewayYaml: shop.yaml(), limits: "{}" });
  const query = 'mutation { login(input: { email: "a@b.example", password: "some password" }) { user { id nickname } } }';
  const codes = [];
  for (let attempt = 0; attempt < 6; attempt += 1) codes.push((await limited.post({ query })).errors[0]?.extensions.code);
  expect(codes).toEqual([...Array(5).fill("INVALID_CREDENTIALS"), "RATE_LIMITED"]);
  await limited.close();
});
