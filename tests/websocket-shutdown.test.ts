import { expect, test } from "vitest";
import { MeFromTokenDocument, SessionEventsDocument } from "./generated/operations.ts";
import { startTestGateway } from "./support/gateway.ts";
import { openSocket } from "./support/live-socket.ts";

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
