import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  LogoutAllDocument,
  LogoutDocument,
  MeFromTokenDocument,
  ReauthenticateDocument,
  RefreshDocument,
} from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { type LiveSocket, openSocket } from "../support/clients/live-socket.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

let database: TestDatabase;
let gateway: TestGateway;
/** Another process on the same database. */
let other: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  gateway = await startTestGateway({ database });
  other = await startTestGateway({ database, clock: gateway.clock });
});
afterAll(async () => {
  await Promise.all([gateway.close(), other.close()]);
  await database.drop();
});

async function signedInSocket(accessToken: string, at: TestGateway = gateway): Promise<LiveSocket> {
  const socket = await openSocket(at.url);
  await socket.init({ accessToken });
  return socket;
}

async function refreshed(refreshToken: string | null): Promise<string> {
  return dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } })).refresh.accessToken;
}

describe("connection_init", () => {
  test.each(["accessToken", "authorization", "Authorization"])("takes the token as %s", async (name) => {
    const { accessToken, user } = await gateway.register();
    const socket = await openSocket(gateway.url);
    await socket.init({ [name]: name === "accessToken" ? accessToken : `Bearer ${accessToken}` });
    expect((await socket.ask(MeFromTokenDocument)).data).toEqual({ me: { id: user.id, email: user.email, roles: ["user"] } });
    socket.socket.close();
  });

  test.each<readonly [reason: string, payload: Record<string, unknown> | undefined]>([
    ["missing", { accessToken: 7 }],
    ["missing", { Authorization: "Basic dTpw" }],
    ["missing", { authorization: ["Bearer x"] }],
    ["malformed", { accessToken: "garbage" }],
    ["malformed", { accessToken: "" }],
    ["malformed", { authorization: "Bearer a, Bearer b" }],
    ["malformed", { accessToken: "a", authorization: "Bearer b" }],
    ["malformed", { authorization: "Basic dTpw, Bearer b" }],
    ["too_large", { accessToken: "x".repeat(9000) }],
  ])("without a valid token closes with 4403 %s: %j", async (reason, payload) => {
    const socket = await openSocket(gateway.url);
    socket.send({ type: "connection_init", payload });
    expect(await socket.closed).toEqual({ code: 4403, reason });
    expect(socket.messages).toEqual([]);
  });

  test("with a refresh token closes with 4403", async () => {
    const { refreshToken } = await gateway.register();
    const socket = await openSocket(gateway.url);
    socket.send({ type: "connection_init", payload: { accessToken: refreshToken } });
    expect(await socket.closed).toMatchObject({ code: 4403 });
  });

  test("with the token of an ended session closes with 4403 revoked, with an old one expired", async () => {
    const { accessToken } = await gateway.register();
    dataOf(await gateway.send(LogoutDocument, {}, { token: accessToken }));
    const revoked = await openSocket(gateway.url);
    revoked.send({ type: "connection_init", payload: { accessToken } });
    expect(await revoked.closed).toEqual({ code: 4403, reason: "revoked" });

    const { accessToken: old } = await gateway.register();
    gateway.clock.advance(1000);
    const expired = await openSocket(gateway.url);
    expired.send({ type: "connection_init", payload: { accessToken: old } });
    expect(await expired.closed).toEqual({ code: 4403, reason: "expired" });
  });
});

describe("an open socket", () => {
  test("is closed with 4403 expired when its token expires", async () => {
    const { accessToken } = await gateway.register();
    const socket = await signedInSocket(accessToken);
    gateway.clock.advance(904);
    expect((await socket.ask(MeFromTokenDocument)).data?.me).not.toBeNull();
    gateway.clock.advance(2);
    expect(await socket.closed).toEqual({ code: 4403, reason: "expired" });
  });

  test("does nothing more for a token that has just expired", async () => {
    const { accessToken } = await gateway.register();
    const socket = await signedInSocket(accessToken);
    gateway.clock.advance(906);
    await expect(socket.ask(MeFromTokenDocument)).rejects.toThrow("4403 expired");
  });

  test("that renews its token lives on", async () => {
    const { accessToken, refreshToken, session } = await gateway.register();
    const [socket, forgetful] = [await signedInSocket(accessToken), await signedInSocket(accessToken)];
    gateway.clock.advance(600);
    const successor = await refreshed(refreshToken);
    const reply = await socket.ask(ReauthenticateDocument, { accessToken: successor });
    expect(reply.errors).toEqual([]);
    expect(reply.data?.reauthenticate).toMatchObject({ id: session.id, current: true, endedAt: null });
    gateway.clock.advance(600);
    expect(await forgetful.closed).toEqual({ code: 4403, reason: "expired" });
    expect((await socket.ask(MeFromTokenDocument)).data?.me).not.toBeNull();
    gateway.clock.advance(306);
    expect(await socket.closed).toEqual({ code: 4403, reason: "expired" });
  });

  test.each(["this", "another"])("is closed at once when its session is ended in %s process", async (where) => {
    const { accessToken, refreshToken } = await gateway.register();
    const socket = await signedInSocket(accessToken);
    const second = await signedInSocket(accessToken);
    const at = where === "this" ? gateway : other;
    dataOf(await at.send(LogoutDocument, { input: { refreshToken } }));
    expect(await Promise.all([socket.closed, second.closed])).toEqual(Array(2).fill({ code: 4403, reason: "revoked" }));
  });

  test.each(["this", "another"])(
    "is closed at once when all of its user's sessions are ended in %s process, nobody else's is",
    async (where) => {
      const first = await gateway.register();
      const second = await gateway.login(first.user.email);
      const stranger = await gateway.register();
      const sockets = await Promise.all([first, second].map(({ accessToken }) => signedInSocket(accessToken)));
      const unaffected = await signedInSocket(stranger.accessToken);
      const at = where === "this" ? gateway : other;
      dataOf(await at.send(LogoutAllDocument, {}, { token: first.accessToken }));
      expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual(Array(2).fill({ code: 4403, reason: "revoked" }));
      expect((await unaffected.ask(MeFromTokenDocument)).data?.me?.id).toBe(stranger.user.id);
      unaffected.socket.close();
    },
  );

  test("of another session of the same user stays open", async () => {
    const first = await gateway.register();
    const second = await gateway.login(first.user.email);
    const socket = await signedInSocket(second.accessToken);
    dataOf(await gateway.send(LogoutDocument, {}, { token: first.accessToken }));
    expect((await socket.ask(MeFromTokenDocument)).data?.me?.id).toBe(first.user.id);
    socket.socket.close();
  });
});

describe("reauthenticate", () => {
  test("refuses every token but a valid one of the same session, and leaves the socket as it was", async () => {
    const mine = await gateway.register();
    const again = await gateway.login(mine.user.email);
    const stranger = await gateway.register();
    const ended = await gateway.login(mine.user.email);
    dataOf(await gateway.send(LogoutDocument, {}, { token: ended.accessToken }));
    const socket = await signedInSocket(mine.accessToken);
    const reauthenticate = async (accessToken: string | null) => {
      const { data, errors } = await socket.ask(ReauthenticateDocument, { accessToken: accessToken ?? "" });
      expect(data).toEqual({ reauthenticate: null });
      expect((await socket.ask(MeFromTokenDocument)).data?.me?.id).toBe(mine.user.id);
      return errors[0]?.extensions;
    };
    const unauthenticated = { code: "UNAUTHENTICATED", coordinate: "Mutation.reauthenticate", directive: "authenticated" };
    expect(await reauthenticate("garbage")).toEqual({ ...unauthenticated, reason: "malformed" });
    expect(await reauthenticate(mine.refreshToken)).toMatchObject(unauthenticated);
    expect(await reauthenticate(ended.accessToken)).toEqual({ ...unauthenticated, reason: "revoked" });
    for (const { accessToken } of [again, stranger]) {
      expect(await reauthenticate(accessToken)).toEqual({ code: "BAD_USER_INPUT", fields: { accessToken: [expect.any(String)] } });
    }
    socket.socket.close();
  });

  test("refuses an expired token", async () => {
    const { accessToken, refreshToken } = await gateway.register();
    gateway.clock.advance(600);
    const socket = await signedInSocket(await refreshed(refreshToken));
    gateway.clock.advance(400);
    const reply = await socket.ask(ReauthenticateDocument, { accessToken });
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "expired" });
    expect((await socket.ask(MeFromTokenDocument)).data?.me).not.toBeNull();
    socket.socket.close();
  });

  test("is refused over HTTP", async () => {
    const { accessToken } = await gateway.register();
    const reply = await gateway.send(ReauthenticateDocument, { accessToken }, { token: accessToken });
    expect(reply.data).toEqual({ reauthenticate: null });
    expect(reply.errors[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", fields: { request: ["Works on a WebSocket only."] } });
  });
});
