import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuthFieldsFragment } from "../../generated/operations.ts";
import { LoginDocument, MeDocument, RegisterDocument } from "../../generated/operations.ts";
import { type Client, codesOf, createClient, dataOf } from "../../support/client.ts";
import { postFrom } from "../../support/clients/post-from.ts";
import { readDocument } from "../../support/documents.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { type OrdersGraph, startOrdersGraph } from "../../support/graphs/orders-graph.ts";
import { createStitchingServer } from "../../support/graphs/stitching-gateway.ts";
import { type ListeningServer, listen } from "../../support/listen.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";

let auth: TestGateway;
let orders: OrdersGraph;
let server: ListeningServer;
let stitched: Client;
let user: AuthFieldsFragment;
let other: AuthFieldsFragment;

beforeAll(async () => {
  auth = await startTestGateway({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
  orders = await startOrdersGraph();
  server = await listen(await createStitchingServer([`${auth.url}/graphql`, orders.url]));
  stitched = createClient(server.url);
});
beforeEach(async () => {
  [user, other] = [await auth.register(), await auth.register()];
  for (const { user: owner } of [user, other]) orders.addOrder(`of ${owner.id}`, owner.id);
});
afterAll(async () => {
  await server.close();
  await orders.close();
  await auth.close();
});

const orderOf = (id: string, fields: string) => ({
  query: `query($id: ID!) { order(id: $id) { id ${fields} } }`,
  variables: { id: `of ${id}` },
});

test("docs/guides/stitching.md shows the gateway of these tests", () => {
  expect(readDocument("docs/guides/stitching.md")).toContain(
    `\`\`\`ts\n${readDocument("tests/support/graphs/stitching-gateway.ts")}\`\`\``,
  );
});

describe("a gateway that stitches the graph to another", () => {
  test("registers and signs in", async () => {
    const input = { email: newEmail(), password: PASSWORD };
    dataOf(await stitched.send(RegisterDocument, { input }));
    const { accessToken, user: signedIn } = dataOf(await stitched.send(LoginDocument, { input })).login;
    expect(dataOf(await stitched.send(MeDocument, {}, { token: accessToken })).me).toMatchObject({ id: signedIn.id, email: input.email });
  });

  test("adds the other graph's fields to the user, and carries the client's token to both", async () => {
    const query = "{ me { email orders { id user { status } } } }";
    const reply = await stitched.post({ query }, { token: user.accessToken });
    expect(dataOf(reply)).toEqual({ me: { email: user.user.email, orders: [{ id: `of ${user.user.id}`, user: { status: "ACTIVE" } }] } });
    expect(orders.authorizations.at(-1)).toBe(`Bearer ${user.accessToken}`);
  });

  test("adds the user's own fields to what another graph refers to", async () => {
    const reply = await stitched.post(orderOf(user.user.id, "user { id email sessions { current } }"), { token: user.accessToken });
    expect(dataOf(reply).order).toMatchObject({ user: { id: user.user.id, email: user.user.email, sessions: [{ current: true }] } });
  });

  test("does not lead to another user", async () => {
    const reply = await stitched.post(orderOf(other.user.id, "user { id email }"), { token: user.accessToken });
    expect(reply.text).not.toContain(other.user.email);
    expect(codesOf(reply)).toContain("FORBIDDEN");
    const direct = await stitched.post(
      { query: "query($id: ID!) { usersById(ids: [$id]) { email } }", variables: { id: other.user.id } },
      { token: user.accessToken },
    );
    expect([direct.data, codesOf(direct)]).toEqual([{ usersById: [null] }, ["FORBIDDEN"]]);
  });

  test("does not lead anywhere without a token", async () => {
    const reply = await stitched.post(orderOf(user.user.id, "user { id lastLoginAt }"));
    expect(reply.data).toEqual({ order: { id: `of ${user.user.id}`, user: { id: user.user.id, lastLoginAt: null } } });
    expect(codesOf(reply)).toEqual(["UNAUTHENTICATED"]);
  });

  test("leads an admin to everybody", async () => {
    const { accessToken: token } = await auth.registerAdmin();
    const reply = await stitched.post(orderOf(other.user.id, "user { email }"), { token });
    expect(dataOf(reply).order).toMatchObject({ user: { email: other.user.email } });
  });

  test("fetches the users of a list by one request", async () => {
    const { accessToken: token } = await auth.registerAdmin();
    const before = orders.authorizations.length;
    const reply = await stitched.post({ query: "{ users(first: 3) { edges { node { id orders { id } } } } }" }, { token });
    expect((dataOf(reply).users as { edges: unknown[] }).edges).toHaveLength(3);
    expect(orders.authorizations.length).toBe(before + 1);
  });

  test.skipIf(process.platform !== "linux")(
    "tells the client's address, whatever the client says, so that limits count clients",
    async () => {
      const { accessToken: token } = await auth.registerAdmin();
      const logout = { query: "mutation { logout { endedSessions } }", token: user.accessToken };
      await postFrom({ ...logout, url: server.url, localAddress: "127.0.0.2", headers: { "x-forwarded-for": "6.6.6.6" } });
      const query = "{ auditEvents(first: 1, filter: { types: [LOGOUT] }) { edges { node { ipAddress } } } }";
      expect(dataOf(await auth.post({ query }, { token })).auditEvents).toEqual({ edges: [{ node: { ipAddress: "127.0.0.2" } }] });
    },
  );
});

describe("with the refresh token in a cookie", () => {
  const PAGE = "https://app.example.com";
  let cookieAuth: TestGateway;
  let cookieServer: ListeningServer;
  let client: Client;

  beforeAll(async () => {
    cookieAuth = await startTestGateway({ env: { REFRESH_TOKEN_CARRIER: "cookie", CORS_ORIGINS: PAGE } });
    cookieServer = await listen(await createStitchingServer([`${cookieAuth.url}/graphql`, orders.url]));
    client = createClient(cookieServer.url);
  });
  afterAll(async () => {
    await cookieServer.close();
    await cookieAuth.close();
  });

  const refresh = { query: "mutation { refresh { accessToken refreshToken } }" };
  const cookieOf = (headers: Headers): string => headers.getSetCookie()[0]?.split(";")[0] ?? "";

  test("the cookie travels through in both directions, whole", async () => {
    const signedIn = await client.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } });
    expect(dataOf(signedIn).register.refreshToken).toBeNull();
    const [set] = signedIn.headers.getSetCookie();
    expect(set).toMatch(/^__Host-refresh_token=rt2_[^;]+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/);
    const refreshed = await client.post(refresh, { headers: { cookie: cookieOf(signedIn.headers) } });
    expect(dataOf(refreshed).refresh).toEqual({ accessToken: expect.stringMatching(/^ey/), refreshToken: null });
    expect(cookieOf(refreshed.headers)).toMatch(/^__Host-refresh_token=rt2_/);
    expect(cookieOf(refreshed.headers)).not.toBe(cookieOf(signedIn.headers));
  });

  test("a foreign page cannot use it through the gateway", async () => {
    const { headers } = await client.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } });
    const cookie = cookieOf(headers);
    const foreign = await client.post(refresh, { headers: { cookie, origin: "https://evil.example", "sec-fetch-site": "cross-site" } });
    expect([foreign.data ?? null, foreign.headers.getSetCookie()]).toEqual([null, []]);
    const own = await client.post(refresh, { headers: { cookie, origin: PAGE } });
    expect(dataOf(own).refresh).toMatchObject({ refreshToken: null });
  });
});
