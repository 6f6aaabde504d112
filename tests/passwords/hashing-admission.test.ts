import { afterEach, describe, expect, test, vi } from "vitest";
import { type AskingAddress, createHashingQueue, type HashingQueue } from "../../src/auth/passwords/hashing-queue.ts";
import { loadPasswordEngine, type PasswordEngine } from "../../src/auth/passwords/password-engine.ts";
import type { AuthError } from "../../src/core/errors.ts";
import { ChangePasswordDocument, LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { readMetrics } from "../support/metrics.ts";
import { until } from "../support/until.ts";

const PASSWORD = "a long walk by the sea";

interface WatchedEngine extends PasswordEngine {
  running: number;
  mostAtOnce: number;
  finished: number;
  /** The passwords that were compared, in the order in which that began. */
  readonly compared: string[];
  /** Nothing finishes while this is pending. */
  gate: Promise<void>;
}

/** The real engine at a thousandth of its price, counted: nobody has to wait for so long that they are sent away. */
async function watchEngine(): Promise<WatchedEngine> {
  const engine = await loadPasswordEngine({ memoryKibibytes: 32, iterations: 1, parallelism: 1 });
  const watched: WatchedEngine = {
    running: 0,
    mostAtOnce: 0,
    finished: 0,
    compared: [],
    gate: Promise.resolve(),
    hash: (password) => watch(() => engine.hash(password)),
    verify(hash, password) {
      watched.compared.push(password);
      return watch(() => engine.verify(hash, password));
    },
  };
  async function watch<Result>(work: () => Promise<Result>): Promise<Result> {
    watched.running += 1;
    watched.mostAtOnce = Math.max(watched.mostAtOnce, watched.running);
    await watched.gate;
    return work().finally(() => {
      watched.running -= 1;
      watched.finished += 1;
    });
  }
  return watched;
}

const originOf = (ipAddress: string) => ({ ipAddress, userAgent: null });

let gateway: TestGateway;
let engine: WatchedEngine;
async function start(env: Record<string, string>): Promise<void> {
  engine = await watchEngine();
  gateway = await startTestGateway({ env, passwordEngine: engine });
}
afterEach(() => gateway?.close());

/** Holds every hash back. What it answers lets them go. */
function closeGate(): () => void {
  let open: () => void = () => undefined;
  engine.gate = new Promise((resolve) => {
    open = resolve;
  });
  return open;
}

describe("through the gateway", () => {
  test.each([1, 2])("at most HASHING_CONCURRENCY=%i at a time, whatever is asked for", async (concurrency) => {
    await start({ HASHING_CONCURRENCY: String(concurrency) });
    const { user, accessToken } = await gateway.register();
    const { accounts } = gateway.auth;
    const change = { currentPassword: PASSWORD, newPassword: "a short walk by the sea" };
    const work = Array.from({ length: 12 }, (_, index) => {
      const origin = originOf(`192.0.2.${index}`);
      return [
        accounts.login({ email: user.email, password: "wrong" }, origin),
        accounts.login({ email: `nobody-${index}@example.com`, password: "wrong" }, origin),
        accounts.register({ email: `somebody-${concurrency}-${index}@example.com`, password: PASSWORD }, origin),
      ];
    });
    const changing = gateway.send(ChangePasswordDocument, { input: change }, { token: accessToken });
    await Promise.allSettled(work.flat());
    expect(codesOf(await changing)).toEqual([]);
    expect(engine.finished).toBeGreaterThanOrEqual(36);
    expect(engine.mostAtOnce).toBe(concurrency);
  });

  test("without a place: TOO_BUSY with the time to come back, the same for every address, and nothing written", async () => {
    await start({ HASHING_CONCURRENCY: "1", HASHING_QUEUE: "0" });
    const { user, accessToken } = await gateway.register();
    const login = (email: string) => gateway.send(LoginDocument, { input: { email, password: PASSWORD } });
    const openGate = closeGate();
    const admitted = login(user.email);
    await until(() => engine.running === 1, 5000);

    const before = await rows();
    const input = { email: "somebody@example.com", password: PASSWORD };
    const change = { currentPassword: PASSWORD, newPassword: "a short walk by the sea" };
    const refused = [
      await login(user.email),
      await login("nobody@example.com"),
      await gateway.send(RegisterDocument, { input }),
      await gateway.send(ChangePasswordDocument, { input: change }, { token: accessToken }),
    ];
    for (const reply of refused) {
      expect(reply.errors.map(({ message, extensions }) => ({ message, extensions }))).toEqual([
        {
          message: "Too many sign-ins are waiting already; try again shortly.",
          extensions: { code: "TOO_BUSY", retryAfterSeconds: expect.any(Number) },
        },
      ]);
      const seconds = reply.errors[0]?.extensions.retryAfterSeconds;
      expect(Number.isInteger(seconds) && Number(seconds) >= 1 && Number(seconds) <= 5).toBe(true);
    }
    expect(refused[0]?.text).toBe(refused[1]?.text);
    expect(await rows()).toEqual(before);

    openGate();
    expect(dataOf(await admitted).login.user.id).toBe(user.id);
    expect(codesOf(await login(user.email))).toEqual([]);
    expect(codesOf(await gateway.send(RegisterDocument, { input }))).toEqual([]);
    expect(codesOf(await gateway.send(ChangePasswordDocument, { input: change }, { token: accessToken }))).toEqual([]);
  });

  test("a flood of 200 from one address keeps nobody else waiting behind it, and is over when it is over", async () => {
    await start({ HASHING_CONCURRENCY: "1" });
    const { user } = await gateway.register();
    const { accounts } = gateway.auth;
    const openGate = closeGate();
    const codes: string[] = [];
    const flood = Array.from({ length: 200 }, () =>
      accounts.login({ email: user.email, password: "wrong" }, originOf("192.0.2.1")).catch(({ code }: AuthError) => void codes.push(code)),
    );
    // One is under way, and a quarter of 128 wait.
    await until(() => codes.length === 167, 5000);
    const login = accounts.login({ email: user.email, password: PASSWORD }, originOf("198.51.100.7"));
    // It waits as well, behind a quarter of 128.
    await until(async () => (await readMetrics(gateway.url)).samples.get("auth_hashing_waiting") === 33, 5000);
    openGate();
    expect((await login).session.userId).toBe(user.id);
    // Before it are the one that was under way, and one more of the flood.
    expect(engine.compared.indexOf(PASSWORD)).toBeGreaterThanOrEqual(1);
    expect(engine.compared.indexOf(PASSWORD)).toBeLessThanOrEqual(2);

    await Promise.all(flood);
    expect(codes.filter((code) => code === "TOO_BUSY")).toHaveLength(167);
    expect(codes.filter((code) => code === "INVALID_CREDENTIALS")).toHaveLength(33);
    await accounts.login({ email: user.email, password: PASSWORD }, originOf("192.0.2.1"));
  });

  async function rows(): Promise<unknown> {
    const { sql } = gateway.database;
    const [counts] = await sql`
      select (select count(*) from users) as users, (select count(*) from sessions) as sessions,
        (select count(*) from audit_events) as events, (select count(*) from revocations) as revocations`;
    return counts;
  }
});

describe("the queue", () => {
  afterEach(() => vi.useRealTimers());
  const forever = () => new Promise<never>(() => undefined);
  /** Work that never ends, whatever becomes of those who wait for it. */
  const occupy = (queue: HashingQueue, address: AskingAddress) => void queue.run(address, forever).catch(() => undefined);
  const codeOf = (work: Promise<unknown>) => work.then(String, ({ code, facts }: AuthError) => ({ code, facts }));

  test("serves callers in turn, each with its oldest", async () => {
    const queue = createHashingQueue({ concurrency: 1, capacity: 100 });
    const order: string[] = [];
    const ask = (address: AskingAddress, name: string) => queue.run(address, async () => void order.push(name));
    await Promise.all([ask("a", "a1"), ask("a", "a2"), ask("a", "a3"), ask("a", "a4"), ask("b", "b1"), ask("b", "b2"), ask(null, "c1")]);
    expect(order).toEqual(["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
    expect(queue.load()).toEqual({ running: 0, waiting: 0 });
  });

  test("goes on after work that fails", async () => {
    const queue = createHashingQueue({ concurrency: 1, capacity: 100 });
    const failing = queue.run("a", () => Promise.reject(new Error("broken")));
    const next = queue.run("a", async () => "done");
    await expect(failing).rejects.toThrow("broken");
    expect(await next).toBe("done");
  });

  test("has room for so many, and for a quarter of them of one address", async () => {
    const queue = createHashingQueue({ concurrency: 1, capacity: 8 });
    occupy(queue, "a");
    const refused: string[] = [];
    for (const address of ["a", "a", "a", "b", "b", "b", "c", "c", "d", "d", "e"]) {
      void queue.run(address, forever).catch(() => refused.push(address));
    }
    await vi.waitFor(() => expect(refused).toEqual(["a", "b", "e"]));
    expect(queue.load()).toEqual({ running: 1, waiting: 8 });
  });

  test("refuses at once whoever would wait for longer than 5 seconds, as hashes have been so far", async () => {
    let now = 0;
    const queue = createHashingQueue({ concurrency: 1, capacity: 100 }, () => now);
    await queue.run("a", async () => {
      now += 2000;
    });
    occupy(queue, "a");
    occupy(queue, "b");
    occupy(queue, "c");
    expect(await codeOf(queue.run("d", forever))).toEqual({ code: "TOO_BUSY", facts: { retryAfterSeconds: 5 } });
    expect(queue.load()).toEqual({ running: 1, waiting: 2 });
  });

  test("gives up on work that has waited for 5 seconds all the same, and never begins it", async () => {
    vi.useFakeTimers();
    const queue = createHashingQueue({ concurrency: 1, capacity: 100 });
    let finish: () => void = () => undefined;
    const first = queue.run("a", () => {
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    const work = vi.fn(async () => undefined);
    const late = codeOf(queue.run("b", work));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await late).toEqual({ code: "TOO_BUSY", facts: { retryAfterSeconds: 1 } });
    finish();
    await first;
    expect(work).not.toHaveBeenCalled();
    expect(queue.load()).toEqual({ running: 0, waiting: 0 });
  });

  test("does what can wait for another day only where nobody waits for it", async () => {
    const queue = createHashingQueue({ concurrency: 2, capacity: 100 });
    occupy(queue, "a");
    expect(await queue.runIfIdle(async () => "done")).toBe("done");
    occupy(queue, "a");
    expect(queue.runIfIdle(async () => "done")).toBeUndefined();
  });
});
