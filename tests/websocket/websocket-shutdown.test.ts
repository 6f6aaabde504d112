import { expect, test } from "vitest";
import type { IdentifiedCaller } from "../../src/auth/tokens/identified-caller.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createSocketCallers } from "../../src/http/websocket/websocket-callers.ts";
import { MeFromTokenDocument, SessionEventsDocument } from "../generated/operations.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import { startTestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

test("closing the gateway says goodbye to every socket with 1001, and waits for none for long", async () => {
  const gateway = await startTestGateway();
  const { accessToken } = await gateway.register();
  const sockets = await Promise.all([1, 2, 3].map(() => openSocket(gateway.url)));
  for (const socket of sockets.slice(1)) await socket.init({ accessToken });
  sockets[1]?.subscribe(SessionEventsDocument, {});
  await sockets[1]?.ask(MeFromTokenDocument);
  const unresponsive = await openSocket(gateway.url);
  await unresponsive.init({ accessToken });
  unresponsive.socket.pause();

  await gateway.close();
  expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual(Array(3).fill({ code: 1001, reason: "Going away" }));
  unresponsive.socket.terminate();
  await expect(openSocket(gateway.url)).rejects.toThrow();
});

test("a look at the sockets' tokens that is under way at the end is the last one", async () => {
  const caller = { userId: "1", sessionId: "1", subject: "1", issuer: "own", expiresAt: new Date(0) } as unknown as IdentifiedCaller;
  let judge: (verdict: IdentifiedCaller) => void = () => undefined;
  let asked = 0;
  const identify = (): Promise<IdentifiedCaller> => {
    asked += 1;
    return asked === 1 ? Promise.resolve(caller) : new Promise((resolve) => (judge = resolve));
  };
  const parts = {
    callers: { identify },
    revocations: { subscribe: () => () => undefined },
    revocationFeed: { isFresh: () => true },
    clock: systemClock,
  } as unknown as Parameters<typeof createSocketCallers>[0];
  const callers = createSocketCallers(parts, () => undefined);
  await callers.admit("token", () => undefined);
  await until(() => asked === 2, 3000);
  callers.stop();
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  judge(caller);
  await new Promise(setImmediate);
  expect(timers()).toBe(before);
});
