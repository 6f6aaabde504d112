import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MARKER, me, page, persisted, refreshing, two, userById } from "../support/clients/lane-requests.ts";
import { compareLanes, type Lanes, type Sent, watchLanes } from "../support/clients/lanes.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const registering = "mutation Register($input: RegisterInput!) { register(input: $input) { accessToken refreshToken user { email } } }";
const signingUp = "mutation SignUp($input: RegisterInput!) { register(input: $input) { accessToken refreshToken user { id roles } } }";
const loggingIn = "mutation Login($input: LoginInput!) { login(input: $input) { accessToken refreshToken expiresIn session { current } } }";
const loggingOut = "mutation Logout($input: LogoutInput) { logout(input: $input) { endedSessions } }";

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

describe("both lanes give the same answer, and a client gets the direct one, for", () => {
  test.each<readonly [name: string, sent: () => Sent, status: number]>([
    ["a query of a signed-in user", () => signedIn({ query: me }), 200],
    ["a query of nobody", () => ({ body: { query: me } }), 200],
    ["a query with a bad token", () => ({ body: { query: me }, token: `${token}x` }), 200],
    ["a query with another scheme", () => ({ body: { query: me }, headers: { authorization: "Basic YTpi" } }), 200],
    ["__typename alone", () => ({ body: { query: "{ __typename }" } }), 200],
    ["a field that is denied, beside one that is not", () => signedIn({ query: "{ me { id } users(first: 1) { totalCount } }" }), 200],
    [
      "aliases, fragments and conditions",
      () =>
        signedIn({
          query: "query Q($x: Boolean!) { a: me { ...F } b: me @skip(if: $x) { id } } fragment F on User { id @include(if: $x) email }",
          variables: { x: true },
        }),
      200,
    ],
    ["one of two operations", () => signedIn({ query: two, operationName: "Other" }), 200],
    ["nulls where nothing is meant", () => signedIn({ query: me, variables: null, operationName: null, extensions: null }), 200],
    ["keys and extensions that nobody knows", () => signedIn({ query: me, extensions: { other: 1 }, more: [1] }), 200],
    ["variables that nobody declared", () => signedIn({ query: me, variables: { x: MARKER } }), 200],
    ["a variable that is missing", () => signedIn({ query: userById }), 400],
    ["a variable that is null", () => signedIn({ query: userById, variables: { id: null } }), 400],
    ["a variable of another type", () => signedIn({ query: page, variables: { first: MARKER } }), 400],
    [
      "a variable deep inside that does not fit",
      () => ({ body: { query: loggingIn, variables: { input: { email: [MARKER], password: { a: MARKER } } } } }),
      400,
    ],
    [
      "an argument that breaks a rule",
      () => ({ body: { query: registering, variables: { input: { email: MARKER, password: MARKER } } } }),
      200,
    ],
    [
      "a login that fails",
      () => ({ body: { query: loggingIn, variables: { input: { email: `${MARKER}@example.com`, password: MARKER } } } }),
      200,
    ],
    ["a refresh token that is none", () => ({ body: { query: refreshing, variables: { input: { refreshToken: MARKER } } } }), 200],
    ["a mutation without effect", () => ({ body: { query: loggingOut } }), 200],
    ["a registration", () => ({ body: { query: signingUp, variables: { input: { email: newEmail(), password: PASSWORD } } } }), 200],
    ["text beyond ASCII", () => signedIn({ query: `${me} # Ünïcödé 🜁`, variables: { "🜁": "\u2028" } }), 200],
    [
      "JSON with white space and a charset",
      () => signedIn(` {\n "query" : ${JSON.stringify(me)} } `, { "content-type": "application/json; charset=utf-8" }),
      200,
    ],
  ])("%s", async (_name, sent, status) => {
    const answer = await compareLanes(lanes, sent);
    expect(answer.isDirect).toBe(true);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain(MARKER);
  });

  test("a document named by its hash", async () => {
    await lanes.ask({ body: { query: me, extensions: persisted(me) } });
    const answer = await compareLanes(lanes, () => signedIn({ extensions: persisted(me) }));
    expect(answer).toMatchObject({ isDirect: true, status: 200 });
  });

  test.each([
    "application/json",
    "*/*",
    "application/*",
    "application/graphql-response+json",
    "application/graphql-response+json, application/json;q=0.9",
    "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
    "application/json;q=0.5, application/graphql-response+json",
    "text/html, application/json;q=0.1",
  ])("accept: %s", async (accept) => {
    for (const body of [{ query: me }, { query: userById }]) {
      const answer = await compareLanes(lanes, () => signedIn(body, { accept }));
      expect(answer.isDirect).toBe(true);
    }
  });
});

test("a caller who is limited is told when to come back by both lanes alike, and both count", async () => {
  const limited = await startTestGateway({ limits: '{ "Query.me": { max: 4, window: 1m } }' });
  const own = watchLanes(limited.url);
  try {
    const { accessToken } = await limited.register();
    const body = { query: "{ a: me { id } b: me { id } }" };
    const sent = { token: accessToken, body };
    expect((await own.askReference(sent)).text).not.toContain("RATE_LIMITED");
    const last = await own.ask(sent);
    expect(last.isDirect).toBe(true);
    expect(last.text).not.toContain("RATE_LIMITED");
    const refused = await compareLanes(own, () => sent);
    expect(refused).toMatchObject({ isDirect: true, status: 200, headers: { "retry-after": expect.stringMatching(/^(59|60)$/) } });
    expect(JSON.parse(refused.text).errors).toHaveLength(2);
  } finally {
    own.close();
    await limited.close();
  }
});

test("what nobody expected is masked and logged by both lanes alike", async () => {
  await gateway.database.sql.unsafe("alter table users rename to mislaid");
  try {
    const before = gateway.logs.length;
    const answer = await compareLanes(lanes, () => signedIn({ query: "{ me { status } }" }));
    expect(answer).toMatchObject({ isDirect: true, status: 200 });
    const requestId = answer.headers["x-request-id"];
    expect(JSON.parse(answer.text).errors[0].extensions).toEqual({ code: "INTERNAL_SERVER_ERROR", requestId });
    expect(gateway.logs.slice(before).filter((line) => line.requestId === requestId)).toHaveLength(1);
  } finally {
    await gateway.database.sql.unsafe("alter table mislaid rename to users");
  }
});

test("a token that cannot be judged for an unexpected reason is masked and logged by both lanes alike", async () => {
  const header = Buffer.from(JSON.stringify({ alg: "ES256", kid: "unknown", typ: "at+jwt" })).toString("base64url");
  await lanes.askReference({ body: { query: me } });
  // Keys that were read a moment ago are not read again for a stranger's token.
  gateway.clock.advance(2);
  await gateway.database.sql.unsafe("alter table signing_keys rename to mislaid");
  try {
    const before = gateway.logs.length;
    const answer = await compareLanes(lanes, () => ({ token: `${header}.e30.e30`, body: { query: me } }));
    expect(answer).toMatchObject({ isDirect: true, status: 500 });
    expect(JSON.parse(answer.text).errors).toEqual([
      { message: expect.stringContaining("on our side"), extensions: { code: "INTERNAL_SERVER_ERROR", requestId: expect.any(String) } },
    ]);
    expect(gateway.logs.slice(before).filter(({ msg }) => msg === "unexpected error")).toHaveLength(3);
  } finally {
    await gateway.database.sql.unsafe("alter table mislaid rename to signing_keys");
  }
});

test("callers who ask at the same moment each get their own answer", async () => {
  const users = await Promise.all(Array.from({ length: 10 }, () => gateway.register()));
  await lanes.askReference(signedIn({ query: me }));
  const asked = Array.from({ length: 20 }, () => users).flat();
  const answers = await Promise.all(asked.map(({ accessToken }) => lanes.ask({ token: accessToken, body: { query: me } })));
  for (const [index, { text, isDirect }] of answers.entries()) {
    expect(isDirect).toBe(true);
    expect(JSON.parse(text).data.me.id).toBe(asked[index]?.user.id);
  }
});

describe("where refresh tokens travel in cookies", () => {
  let cookies: TestGateway;
  let own: Lanes;
  beforeAll(async () => {
    cookies = await startTestGateway({ env: { REFRESH_TOKEN_CARRIER: "cookie", CORS_ORIGINS: "https://app.test" } });
    own = watchLanes(cookies.url);
  });
  afterAll(async () => {
    own.close();
    await cookies.close();
  });

  test("both lanes set and clear the cookie alike, and tell other origins the same", async () => {
    const email = newEmail();
    const input = { email, password: PASSWORD };
    await cookies.post({ query: registering, variables: { input } });
    const headers = { origin: "https://app.test" };
    const login = () => ({ headers, body: { query: loggingIn, variables: { input } } });
    const answer = await compareLanes(own, login);
    expect(answer).toMatchObject({ isDirect: true, headers: { "access-control-allow-origin": "https://app.test" } });
    expect(String(answer.headers["set-cookie"])).toMatch(/^__Host-refresh_token=rt2_[^;]+;.*HttpOnly; Secure; SameSite=Strict$/);

    const cookieOf = async () => String((await own.askReference(login())).headers["set-cookie"]).split(";")[0] ?? "";
    const logout = await compareLanes(own, async () => ({
      headers: { ...headers, cookie: await cookieOf() },
      body: { query: loggingOut },
    }));
    expect(logout).toMatchObject({ isDirect: true, status: 200 });
    expect(String(logout.headers["set-cookie"])).toContain("Expires=Thu, 01 Jan 1970");
  });

  test("a page of another origin is refused before either lane", async () => {
    const answer = await compareLanes(own, () => ({ headers: { origin: "https://evil.test" }, body: { query: loggingOut } }));
    expect(answer).toMatchObject({ isDirect: false, status: 403 });
  });
});
