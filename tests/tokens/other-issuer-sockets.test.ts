import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LogoutAllDocument, MeFromTokenDocument, ReauthenticateDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { type LiveSocket, openSocket } from "../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type Forgery, startTestIssuer, type TestIssuer } from "../support/keys/other-issuer.ts";

let issuer: TestIssuer;
let other: TestIssuer;
let gateway: TestGateway;
beforeAll(async () => {
  [issuer, other] = await Promise.all([startTestIssuer(), startTestIssuer()]);
  const entries = [issuer, other].map((each) => each.entry("discovery: true", "claims: { roles: roles }", "roles: { boss: admin }"));
  gateway = await startTestGateway({ gatewayYaml: `issuers:${entries.join("")}` });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([issuer.close(), other.close()]);
});

const sign = (forgery: Forgery = {}, by = issuer) => by.sign({ at: Math.floor(gateway.clock.now().getTime() / 1000), ...forgery });

async function openWith(accessToken: string): Promise<LiveSocket> {
  const socket = await openSocket(gateway.url);
  await socket.init({ accessToken });
  return socket;
}

describe("a WebSocket with another issuer's token", () => {
  test("opens, and on the auth graph whoever is on it is nobody", async () => {
    const { user } = await gateway.register();
    const socket = await openWith(await sign({ claims: { sub: user.id, roles: ["boss"] } }));
    expect((await socket.ask("{ __typename }")).data).toEqual({ __typename: "Query" });
    for (const [document, coordinate, directive] of [
      ["{ me { id } }", "Query.me", "authenticated"],
      ["{ users { totalCount } }", "Query.users", "hasRole"],
      ["subscription { sessionEvents { type } }", "Subscription.sessionEvents", "authenticated"],
    ] as const) {
      const { errors } = await socket.ask(document);
      expect(errors.map(({ extensions }) => extensions)).toEqual([
        { code: "UNAUTHENTICATED", reason: "foreign_issuer", coordinate, directive },
      ]);
    }
    socket.socket.close();
  });

  test("is closed when the token expires", async () => {
    const socket = await openWith(await sign());
    // Its 300 seconds, and the 5 by which clocks may differ: as much before as a busy machine needs to answer.
    gateway.clock.advance(301);
    expect((await socket.ask("{ __typename }")).data).not.toBeNull();
    gateway.clock.advance(5);
    expect(await socket.closed).toEqual({ code: 4403, reason: "expired" });
  });

  test("lives on with a newer token of the same issuer and subject", async () => {
    const [socket, forgetful] = await Promise.all([openWith(await sign()), openWith(await sign())]);
    gateway.clock.advance(200);
    const reply = await socket.ask(ReauthenticateDocument, { accessToken: await sign() });
    expect({ data: reply.data, errors: reply.errors }).toEqual({ data: { reauthenticate: null }, errors: [] });
    gateway.clock.advance(200);
    expect(await forgetful.closed).toEqual({ code: 4403, reason: "expired" });
    expect((await socket.ask("{ __typename }")).data).not.toBeNull();
    gateway.clock.advance(106);
    expect(await socket.closed).toEqual({ code: 4403, reason: "expired" });
  });

  test("stays with its caller: a token of another subject, of another issuer or of ours is refused", async () => {
    const { user, accessToken } = await gateway.register();
    const socket = await openWith(await sign({ claims: { sub: user.id } }));
    const strangers = [await sign({ claims: { sub: "another" } }), await sign({ claims: { sub: user.id } }, other), accessToken];
    for (const token of strangers) {
      const { data, errors } = await socket.ask(ReauthenticateDocument, { accessToken: token });
      expect(data).toEqual({ reauthenticate: null });
      expect(errors[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", fields: { accessToken: [expect.any(String)] } });
      expect((await socket.ask(MeFromTokenDocument)).errors[0]?.extensions.reason).toBe("foreign_issuer");
    }
    const own = await openWith(accessToken);
    const taken = await own.ask(ReauthenticateDocument, { accessToken: await sign({ claims: { sub: user.id } }) });
    expect(taken.errors[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect((await own.ask(MeFromTokenDocument)).data?.me?.id).toBe(user.id);
    for (const each of [socket, own]) each.socket.close();
  });

  test("stays open while the issuer's keys cannot be had, and goes on afterwards", async () => {
    const socket = await openWith(await sign({ claims: { exp: 1e10 } }));
    issuer.answer("/keys", (response: ServerResponse) => response.destroy());
    gateway.clock.advance(3601);
    const ask = async () => (await socket.ask("{ me { id } }")).errors.map(({ extensions: { code, reason } }) => ({ code, reason }));
    expect(await ask()).toEqual([{ code: "SERVICE_UNAVAILABLE" }]);
    issuer.publish(issuer.key);
    gateway.clock.advance(11);
    expect(await ask()).toEqual([{ code: "UNAUTHENTICATED", reason: "foreign_issuer" }]);
    socket.socket.close();
  });

  test("is not closed by what happens to the user of ours whose id is its subject", async () => {
    const { user, session, accessToken } = await gateway.register();
    const ofOther = await openWith(await sign({ claims: { sub: user.id, sid: session.id } }));
    const own = await openWith(accessToken);
    dataOf(await gateway.send(LogoutAllDocument, {}, { token: accessToken }));
    expect(await own.closed).toEqual({ code: 4403, reason: "revoked" });
    expect((await ofOther.ask("{ __typename }")).data).toEqual({ __typename: "Query" });
    ofOther.socket.close();
  });

  test.each([
    ["expired", "expired", () => sign({ claims: { exp: 1 } })],
    ["for somebody else", "wrong_audience", () => sign({ claims: { aud: "https://other.test" } })],
  ] as const)("does not open when that is %s", async (_what, reason, token) => {
    const socket = await openSocket(gateway.url);
    socket.send({ type: "connection_init", payload: { accessToken: await token() } });
    expect(await socket.closed).toEqual({ code: 4403, reason });
  });
});
