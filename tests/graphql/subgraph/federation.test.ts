import { parse } from "graphql";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import type { AuthFieldsFragment } from "../../generated/operations.ts";
import { LoginDocument, MeDocument, RegisterDocument } from "../../generated/operations.ts";
import { type Client, codesOf, createClient, dataOf } from "../../support/client.ts";
import { postFrom } from "../../support/clients/post-from.ts";
import { readDocument } from "../../support/documents.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { type OrdersGraph, startOrdersGraph } from "../../support/graphs/orders-graph.ts";
import { composeSupergraph, createSupergraphServer } from "../../support/graphs/supergraph.ts";
import { type ListeningServer, listen } from "../../support/listen.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";

let auth: TestGateway;
let orders: OrdersGraph;
let supergraph: string;
let server: ListeningServer;
let federated: Client;
let user: AuthFieldsFragment;
let other: AuthFieldsFragment;

beforeAll(async () => {
  auth = await startTestGateway({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
  orders = await startOrdersGraph();
  supergraph = await composeSupergraph([
    { name: "auth", url: `${auth.url}/graphql` },
    { name: "orders", url: orders.url },
  ]);
  server = await listen(createSupergraphServer(supergraph));
  federated = createClient(server.url);
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

test("docs/guides/federation.md shows the composition and the gateway of these tests", () => {
  for (const file of ["supergraph.ts", "http-transport.ts"]) {
    expect(readDocument("docs/guides/federation.md")).toContain(`\`\`\`ts\n${readDocument(`tests/support/graphs/${file}`)}\`\`\``);
  }
});

describe("the supergraph", () => {
  test("states every requirement of the graph, by the names that the graph has for them", () => {
    const own = readRequirements(parse(readDocument("schema/auth.graphql")));
    const composed = readRequirements(parse(supergraph));
    expect(Object.fromEntries(composed.fields)).toEqual(Object.fromEntries(own.fields));
    expect(composed.types).toEqual(own.types);
    expect(supergraph).toMatch(/user\(id: ID!\): User @hasRole\(roles: \["admin"\]\)/);
    expect(supergraph).toMatch(/me: User .*@authenticated/);
  });

  test("shares PageInfo with graphs that have Relay's", () => {
    expect(supergraph).toMatch(/type PageInfo @join__type\(graph: AUTH\) @join__type\(graph: ORDERS\)/);
  });

  test("loses nothing but the purpose of two links by what docs/guides/federation.md does for gateways that refuse it", () => {
    expect(supergraph).toContain('@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)');
    expect(readDocument("docs/guides/federation.md")).toContain('composed.replaceAll(", for: SECURITY", "")');
    const taken = supergraph.replaceAll(", for: SECURITY", "");
    expect(taken).not.toContain("SECURITY)");
    expect(readRequirements(parse(taken))).toEqual(readRequirements(parse(supergraph)));
  });

  test("has none of what is for gateways only", () => {
    expect(supergraph).not.toMatch(/_entities|_service|_sdl|usersById|sessionsById|rateLimit/);
  });
});

describe("a gateway that runs the supergraph", () => {
  test("registers and signs in", async () => {
    const input = { email: newEmail(), password: PASSWORD };
    dataOf(await federated.send(RegisterDocument, { input }));
    const { accessToken, user: signedIn } = dataOf(await federated.send(LoginDocument, { input })).login;
    expect(dataOf(await federated.send(MeDocument, {}, { token: accessToken })).me).toMatchObject({ id: signedIn.id, email: input.email });
  });

  test("joins the user with the other graph in both directions, by the client's own token", async () => {
    const mine = await federated.post({ query: "{ me { email greeting orders { id user { status } } } }" }, { token: user.accessToken });
    expect(dataOf(mine).me).toEqual({
      email: user.user.email,
      greeting: `Hello ${user.user.email}`,
      orders: [{ id: `of ${user.user.id}`, user: { status: "ACTIVE" } }],
    });
    expect(orders.authorizations.at(-1)).toBe(`Bearer ${user.accessToken}`);
    const order = await federated.post(orderOf(user.user.id, "user { email sessions { current } }"), { token: user.accessToken });
    expect(dataOf(order).order).toMatchObject({ user: { email: user.user.email, sessions: [{ current: true }] } });
  });

  test("keeps admin fields for admins", async () => {
    const query = "query($id: ID!) { user(id: $id) { email } }";
    const variables = { id: other.user.id };
    const refused = await federated.post({ query, variables }, { token: user.accessToken });
    expect([refused.data, codesOf(refused)]).toEqual([{ user: null }, ["FORBIDDEN"]]);
    const { accessToken: token } = await auth.registerAdmin();
    expect(dataOf(await federated.post({ query, variables }, { token })).user).toEqual({ email: other.user.email });
  });

  test.each<[string, string]>([
    ["a nullable field", "user { id lastLoginAt }"],
    ["a field that may not be null", "user { id email }"],
    ["nested lists", "user { id sessions { id events { type } } }"],
    ["an alias", "user { id sneaky: email }"],
    ["a fragment", "user { id ... on User { email roles } }"],
  ])("does not lead to another user: %s", async (_by, fields) => {
    for (const token of [user.accessToken, undefined]) {
      const reply = await federated.post(orderOf(other.user.id, fields), { token });
      expect(reply.text).not.toContain(other.user.email);
      expect(codesOf(reply)).toContain(token === undefined ? "UNAUTHENTICATED" : "FORBIDDEN");
      const { order } = reply.data as { order: { user: Record<string, unknown> | null } | null };
      const { id: _id, ...rest } = order?.user ?? {};
      expect(Object.values(rest).filter((value) => value !== null)).toEqual([]);
    }
  });

  test("does not lead to another user by @requires, which pulls a protected field", async () => {
    for (const token of [user.accessToken, undefined]) {
      const reply = await federated.post(orderOf(other.user.id, "user { id greeting }"), { token });
      expect(reply.data).toEqual({ order: { id: `of ${other.user.id}`, user: { id: other.user.id, greeting: null } } });
    }
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

  test("leads an admin to everybody", async () => {
    const { accessToken: token } = await auth.registerAdmin();
    const reply = await federated.post(orderOf(other.user.id, "user { email greeting }"), { token });
    expect(dataOf(reply).order).toMatchObject({ user: { email: other.user.email, greeting: `Hello ${other.user.email}` } });
  });

  test("cannot tell another user from one that does not exist", async () => {
    orders.addOrder("of nobody", "01900000-0000-7000-8000-000000000000");
    const [missing, theirs] = [
      await federated.post(orderOf("nobody", "user { lastLoginAt }"), { token: user.accessToken }),
      await federated.post(orderOf(other.user.id, "user { lastLoginAt }"), { token: user.accessToken }),
    ];
    expect(missing.errors).toEqual(theirs.errors);
    expect(missing.errors).toHaveLength(1);
  });
});

test("with the refresh token in a cookie, it travels through in both directions", async () => {
  const cookieAuth = await startTestGateway({ env: { REFRESH_TOKEN_CARRIER: "cookie" } });
  const composed = await composeSupergraph([{ name: "auth", url: `${cookieAuth.url}/graphql` }]);
  const gateway = await listen(createSupergraphServer(composed));
  const client = createClient(gateway.url);
  const signedIn = await client.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } });
  expect(dataOf(signedIn).register.refreshToken).toBeNull();
  const [set = ""] = signedIn.headers.getSetCookie();
  expect(set).toMatch(/^__Host-refresh_token=rt2_[^;]+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/);
  const query = "mutation { refresh { accessToken } }";
  const refreshed = await client.post({ query }, { headers: { cookie: set.split(";")[0] ?? "" } });
  expect(dataOf(refreshed).refresh).toEqual({ accessToken: expect.stringMatching(/^ey/) });
  expect(refreshed.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-refresh_token=rt2_/)]);
  const foreign = await client.post({ query }, { headers: { cookie: set.split(";")[0] ?? "", origin: "https://evil.example" } });
  expect([foreign.data?.refresh ?? null, foreign.headers.getSetCookie()]).toEqual([null, []]);
  await gateway.close();
  await cookieAuth.close();
});

test("nobody is told by a header how the graph was answered, and no start speaks of inline traces", async () => {
  const query = "query NeverAskedBefore { __typename }";
  const { text } = await auth.post({ query }, { headers: { "apollo-federation-include-trace": "ftv1" } });
  expect(JSON.parse(text)).toEqual({ data: { __typename: "Query" } });
  expect(JSON.stringify(auth.logs)).not.toMatch(/inline trac/i);
});
