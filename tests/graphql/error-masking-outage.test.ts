import { connect, createServer, type Server, type Socket } from "node:net";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from "vitest";
import {
  LoginDocument,
  LogoutDocument,
  MeDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RegisterDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf, type Reply } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail } from "../support/sign-in.ts";
import { insides, restored, SECRET, SECRET_WORD } from "./masked-errors.ts";

describe("while the database is out of reach", () => {
  let database: TestDatabase;
  let wire: Wire;
  let gateway: TestGateway;
  beforeAll(async () => {
    database = await createTestDatabase();
    wire = await createWire(database.url);
    gateway = await startTestGateway({ database: { ...database, url: wire.url } });
  });
  afterEach(() => wire.mend());
  afterAll(async () => {
    await gateway.close();
    wire.cut();
    await database.drop();
  });

  const admin = () => postgres(inject("serverUrl"), { max: 1, onnotice: () => undefined });

  /** By PostgreSQL itself, as in a restore or a maintenance. */
  async function setConnections(allowed: boolean): Promise<void> {
    const name = new URL(database.url).pathname.slice(1);
    const sql = admin();
    await sql.unsafe(`alter database ${name} allow_connections ${allowed}`);
    if (!allowed) await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
    await sql.end();
  }

  test.each([
    ["the network is cut", async () => wire.cut(), async () => wire.mend()],
    ["the server takes no connections", async () => setConnections(false), async () => setConnections(true)],
  ])("answers SERVICE_UNAVAILABLE, still knows who calls, and recovers by itself: %s", async (_name, cut, mend) => {
    const { accessToken, refreshToken, user, session } = await gateway.register();
    const linesBefore = gateway.logs.length;
    await cut();
    const input = { email: user.email, password: SECRET };
    const replies: Reply<unknown>[] = [
      await gateway.send(RegisterDocument, { input: { email: `${SECRET_WORD}-${newEmail()}`, password: SECRET } }),
      await gateway.send(LoginDocument, { input }),
      await gateway.send(RefreshDocument, { input: { refreshToken } }),
      await gateway.send(LogoutDocument, { input: { refreshToken } }),
    ];
    for (const reply of replies) {
      expect(reply.errors).toEqual([
        {
          message: "The service is out of reach for the moment; try again shortly.",
          locations: expect.any(Array),
          path: expect.any(Array),
          extensions: { code: "SERVICE_UNAVAILABLE" },
        },
      ]);
    }
    const me = await gateway.send(MeDocument, {}, { token: accessToken });
    expect(new Set(codesOf(me))).toEqual(new Set(["SERVICE_UNAVAILABLE"]));
    expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
    for (const text of [...replies, me].map((reply) => reply.text).concat(JSON.stringify(gateway.logs.slice(linesBefore)))) {
      expect(text).not.toMatch(insides);
      expect(text).not.toContain(SECRET_WORD);
    }
    await mend();
    await vi.waitFor(async () => expect(codesOf(await gateway.send(RefreshDocument, { input: { refreshToken } }))).toEqual([]), 5000);
    await restored(gateway);
    const [row] = await database.sql`select generation, end_reason from sessions where id = ${session.id}`;
    expect(row).toEqual({ generation: 1, end_reason: null });
  });

  interface Wire {
    readonly url: string;
    cut(): void;
    mend(): Promise<void>;
  }

  /** PostgreSQL through a port that can be closed and opened again. */
  async function createWire(target: string): Promise<Wire> {
    const far = new URL(target);
    const sockets = new Set<Socket>();
    let server: Server | undefined;
    let port = 0;
    const open = (near: Socket) => {
      const other = connect(Number(far.port || 5432), far.hostname);
      for (const [from, to] of [
        [near, other],
        [other, near],
      ] as const) {
        sockets.add(from);
        from.on("error", () => undefined).on("close", () => to.destroy());
        from.pipe(to);
      }
    };
    async function mend(): Promise<void> {
      if (server !== undefined) return;
      const opened = createServer(open);
      await new Promise<void>((resolve) => opened.listen(port, "127.0.0.1", resolve));
      const address = opened.address();
      if (typeof address === "object" && address !== null) port = address.port;
      server = opened;
    }
    function cut(): void {
      server?.close();
      server = undefined;
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    }
    await mend();
    const url = new URL(target);
    url.host = `127.0.0.1:${port}`;
    return { url: url.href, cut, mend };
  }
});
