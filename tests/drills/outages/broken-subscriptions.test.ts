import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Watch, watch, watchOn } from "../../support/clients/watch.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import {
  type BrokenLiveUpstream,
  brokenLiveSdl,
  type SocketBehaviour,
  type StreamBehaviour,
  socketFailures,
  startBrokenLiveUpstream,
  streamFailures,
} from "../../support/graphs/broken-live-upstream.ts";
import { until } from "../../support/until.ts";

const MEGABYTE = 1024 * 1024;

let folder: string;
let broken: BrokenLiveUpstream;
const gateways: { socket?: TestGateway; stream?: TestGateway } = {};
const open: Watch[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "broken-live-"));
  await writeFile(join(folder, "live.graphql"), brokenLiveSdl);
  broken = await startBrokenLiveUpstream();
  const entry = `name: live, url: "${broken.url}", sdl: { file: "${join(folder, "live.graphql")}" }, timeout: 1s, bodyLimit: 1MB`;
  const start = (protocol: string) =>
    startTestGateway({ gatewayYaml: `upstreams:\n  - { ${entry}, subscriptions: { protocol: ${protocol} } }\n` });
  gateways.socket = await start("graphql-ws");
  gateways.stream = await start("sse");
});
afterAll(async () => {
  await Promise.all([gateways.socket?.close(), gateways.stream?.close()]);
  await broken?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => void broken.takePaths());
afterEach(async () => {
  for (const { socket } of open.splice(0)) socket.socket.terminate();
  await until(() => broken.openSockets() === 0, 5000);
});

const query = "subscription { ticks { text } }";

async function begin(kind: "socket" | "stream", behaviour: SocketBehaviour | StreamBehaviour): Promise<Watch> {
  const gateway = gateways[kind] as TestGateway;
  broken.behave(behaviour);
  const { accessToken } = await gateway.register();
  const begun = await watch(gateway.url, accessToken, query);
  open.push(begun);
  return begun;
}

const first = { data: { ticks: { text: "first" } } };
const unavailable = {
  data: { ticks: null },
  errors: [{ path: ["ticks"], extensions: { code: "UPSTREAM_UNAVAILABLE", upstream: "live" } }],
};

/** Whatever became of one subscription, the socket and its other operations go on. */
async function goesOn({ socket }: Watch): Promise<void> {
  expect((await socket.ask("{ me { id } }")).data).toMatchObject({ me: { id: expect.any(String) } });
  broken.behave("well");
  const { told } = watchOn(socket, query);
  await expect.poll(told).toEqual([first]);
}

describe.each(["socket", "stream"] as const)("an upstream over a %s that", (kind) => {
  const failures = kind === "socket" ? socketFailures : streamFailures;

  test.each(failures)("%s: what came before, an error, the end; the socket lives on", async (behaviour) => {
    const begun = await begin(kind, behaviour);
    await expect.poll(begun.isComplete).toBe(true);
    expect(begun.told()).toMatchObject([first, unavailable]);
    await until(() => broken.openSockets() === 0, 5000);
    expect(broken.takePaths()).toEqual(["/graphql"]);
    expect(JSON.stringify(begun.socket.messages)).not.toMatch(/html|closed with|ECONN|127\.0\.0\.1/);
    await goesOn(begun);
  });

  test.each<SocketBehaviour>(["no answer", "no acknowledgement", "503", "redirect"])(
    "never begins (%s): an error within its time-out, the end, and nothing is left open",
    async (behaviour) => {
      const begun = await begin(kind, behaviour);
      await expect.poll(begun.isComplete).toBe(true);
      expect(begun.told()).toMatchObject([unavailable]);
      await until(() => broken.openSockets() === 0, 5000);
      expect(broken.takePaths()).toEqual(["/graphql"]);
      await goesOn(begun);
    },
  );

  test("is left before it has begun: nothing is left open", async () => {
    const begun = await begin(kind, "no acknowledgement");
    await until(() => broken.openSockets() === 1, 2000);
    begun.complete();
    await until(() => broken.openSockets() === 0, 900);
    await goesOn(begun);
    expect(begun.told()).toEqual([]);
  });

  test("refuses: its own errors, without what is for its developers", async () => {
    const begun = await begin(kind, "refuses");
    await expect.poll(begun.isComplete).toBe(true);
    expect(begun.told()).toMatchObject([
      { data: { ticks: null }, errors: [{ message: "no ticks today", path: ["ticks"], extensions: { code: "NO_TICKS" } }] },
    ]);
    expect(JSON.stringify(begun.told())).not.toContain("secret.js");
    await goesOn(begun);
  });

  test("sends faster than the client takes is held back: what waits is bounded, nothing is lost, and it ends with the client", async () => {
    const begun = await begin(kind, "flood");
    begun.socket.socket.pause();
    await until(() => broken.flood.isHeldBack, 20_000);
    // What lies in the buffers of two connections.
    expect(broken.flood.takenBytes).toBeLessThan(48 * MEGABYTE);
    const before = begun.told().length;
    begun.socket.socket.resume();
    await until(() => begun.told().length > before + 100, 10_000);
    const numbers = begun.told().map(({ data }) => Number.parseInt((data as { ticks: { text: string } }).ticks.text, 10));
    expect(numbers).toEqual(numbers.map((_, index) => index));
    begun.socket.socket.pause();
    begun.socket.socket.terminate();
    await until(() => broken.openSockets() === 0, 5000);
  });
});

test("an upstream that answers no close is cut off", async () => {
  const begun = await begin("socket", "deaf");
  await expect.poll(() => begun.told()[0]).toEqual(first);
  begun.complete();
  await until(() => broken.openSockets() === 0, 4000);
});

test("an upstream that is gone: an error, the end, and why in the log", async () => {
  const gone = await startBrokenLiveUpstream();
  const entry = `name: live, url: "${gone.url}", sdl: { file: "${join(folder, "live.graphql")}" }`;
  const lonely = await startTestGateway({ gatewayYaml: `upstreams:\n  - { ${entry} }\n` });
  await gone.close();
  const { accessToken } = await lonely.register();
  const begun = await watch(lonely.url, accessToken, query);
  await expect.poll(begun.isComplete).toBe(true);
  expect(begun.told()).toMatchObject([unavailable]);
  expect(lonely.logs).toContainEqual(
    expect.objectContaining({ upstream: "live", problem: expect.objectContaining({ code: "ECONNREFUSED" }) }),
  );
  await lonely.close();
});
