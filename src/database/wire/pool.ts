import { setTimeout as sleep } from "node:timers/promises";
import { LostConnectionError } from "../lost-connection.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import type { Statement } from "./driver.ts";
import type { Opener } from "./opener.ts";
import { createPoolGrowth } from "./pool-growth.ts";
import { createPoolMembers, type PoolMembers } from "./pool-members.ts";
import { createPoolQueue, type PoolQueue, type Waiting } from "./pool-queue.ts";
import { sweepRegularly } from "./sweep.ts";

export interface PoolOptions {
  readonly size: number;
  /** Of each statement, from when it was asked for until it is answered. */
  readonly deadlineMilliseconds: number;
  /** Milliseconds that only ever go forward, as those of the opener's connections. */
  readonly stopwatch: () => number;
}

export interface Lent {
  readonly connection: Connection;
  /** When it was asked for. */
  readonly askedAt: number;
}

/** So many connections, opened when they are needed and replaced when they are of no use any more. */
export interface Pool {
  /** On the connection that has least to do. */
  run(statement: Statement): void;
  /** One for nobody else, until it is released. */
  acquire(): Promise<Lent>;
  release(connection: Connection): void;
  /** Nothing more is sent; waits for what is under way for at most so long. */
  close(patienceMilliseconds: number): Promise<void>;
}

/** SQLSTATEs after which a connection is of no more use: read-only, the server stops, the connection itself, a pooler's lost statement. */
const FATAL = /^(25006|57P0[1235]|08...|26000|42P05)$/;

export function createPool(opener: Opener, { size, deadlineMilliseconds, stopwatch }: PoolOptions): Pool {
  const members = createPoolMembers(stopwatch);
  const queue = createPoolQueue();
  let isClosed = false;
  const events: ConnectionEvents = {
    settled(connection, error) {
      if (isFatal(error)) members.retireAll(connection);
      if (!members.isLent(connection)) rest(connection, members, queue);
    },
    lost(connection) {
      members.remove(connection);
      growth.grow();
    },
  };
  const growth = createPoolGrowth({
    open: () => opener.open(events),
    wanted: () => Math.min(queue.length(), size - members.size()),
    opened(connection) {
      if (isClosed) return connection.destroy(new LostConnectionError("CONNECTION_ENDED"));
      members.add(connection);
      rest(connection, members, queue);
      if (members.size() >= size) queue.share(members.leastLoaded);
      growth.grow();
    },
    failed(error) {
      queue.share(members.leastLoaded);
      if (!members.hasUsable()) queue.refuseAll(error);
    },
  });
  const stopSweeping = sweepRegularly(stopwatch, (now) => endWhatIsDue(members, queue, { now, deadlineMilliseconds }));

  function wait(entry: Waiting): void {
    if (isClosed) entry.refuse(new LostConnectionError("CONNECTION_ENDED"));
    else queue.push(entry);
    growth.grow();
  }

  return {
    run(statement) {
      const least = isClosed ? undefined : members.leastLoaded();
      if (least !== undefined && (least.load() === 0 || members.size() + growth.opening() >= size)) least.run(statement);
      else wait(waitToRun(statement, stopwatch()));
    },
    async acquire() {
      const askedAt = stopwatch();
      const free = isClosed ? undefined : members.leastLoaded();
      if (free?.load() === 0) return { connection: members.lend(free), askedAt };
      return { connection: await waitAlone(wait, members, askedAt), askedAt };
    },
    release(connection) {
      members.takeBack(connection);
      rest(connection, members, queue);
    },
    async close(patienceMilliseconds) {
      isClosed = true;
      growth.stop();
      queue.refuseAll(new LostConnectionError("CONNECTION_ENDED"));
      await untilIdle(members, patienceMilliseconds);
      stopSweeping();
      members.destroyAll();
    },
  };
}

function waitToRun(statement: Statement, askedAt: number): Waiting {
  const serve = (connection: Connection) => connection.run(statement, askedAt);
  return { isAlone: false, askedAt, serve, refuse: (error) => statement.reject(error) };
}

function waitAlone(wait: (entry: Waiting) => void, members: PoolMembers, askedAt: number): Promise<Connection> {
  return new Promise((resolve, refuse) => {
    wait({ isAlone: true, askedAt, serve: (connection) => resolve(members.lend(connection)), refuse });
  });
}

/** What has waited too long is not answered any more; what is silent, or old, is of no more use. */
function endWhatIsDue(
  members: PoolMembers,
  queue: PoolQueue,
  { now, deadlineMilliseconds }: { now: number; deadlineMilliseconds: number },
) {
  queue.expire(now - deadlineMilliseconds);
  members.expire(now - deadlineMilliseconds);
  members.retireOld(now);
}

/** Where it has nothing to do, it takes what waits, or ends where it is of no more use. */
function rest(connection: Connection, members: PoolMembers, queue: PoolQueue): void {
  if (connection.load() > 0 || !connection.isAlive()) return;
  if (members.isUsable(connection)) queue.shift()?.serve(connection);
  else connection.destroy(new LostConnectionError("CONNECTION_ENDED"));
}

async function untilIdle(members: PoolMembers, patienceMilliseconds: number): Promise<void> {
  const deadline = performance.now() + patienceMilliseconds;
  while (members.hasBusy() && performance.now() < deadline) await sleep(5);
}

function isFatal(error: unknown): boolean {
  return error instanceof Error && "code" in error && FATAL.test(String(error.code));
}
