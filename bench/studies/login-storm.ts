import { setTimeout as sleep } from "node:timers/promises";
import { type Line, openLine } from "../machine/line.ts";
import type { BenchmarkUser } from "../machine/users.ts";
import { loginMutation } from "../scenarios.ts";

export interface Storm {
  readonly perSecond: number;
  readonly loggedIn: number;
  readonly refused: number;
  /** Refusals that did not say when to come back. */
  readonly unexplained: number;
}

interface Counts {
  loggedIn: number;
  refused: number;
  unexplained: number;
}

/** Every user logs in over and over, on a connection of its own; whoever is told to come back later does that. */
export async function stormLogins(url: string, users: readonly BenchmarkUser[], seconds: number): Promise<Storm> {
  const counts: Counts = { loggedIn: 0, refused: 0, unexplained: 0 };
  const lines = users.map(() => openLine(url));
  const startedAt = performance.now();
  const deadline = startedAt + seconds * 1000;
  await Promise.all(lines.map((line, index) => logInUntil(deadline, { line, user: users[index], counts })));
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  for (const line of lines) line.close();
  return { ...counts, perSecond: counts.loggedIn / elapsedSeconds };
}

async function logInUntil(deadline: number, { line, user, counts }: { line: Line; user: BenchmarkUser | undefined; counts: Counts }) {
  const body = { query: loginMutation, variables: { input: { email: user?.email, password: user?.password } } };
  while (performance.now() < deadline) {
    const { data, errors } = await line.post(body);
    const refusal = errors[0]?.extensions;
    if (data?.login) counts.loggedIn += 1;
    else if (refusal?.code !== "TOO_BUSY" && refusal?.code !== "RATE_LIMITED") throw new Error(`A wrong answer: ${JSON.stringify(errors)}`);
    else {
      counts.refused += 1;
      if (typeof refusal.retryAfterSeconds !== "number") counts.unexplained += 1;
      await sleep(Math.min(Number(refusal.retryAfterSeconds ?? 1) * 1000, Math.max(0, deadline - performance.now())));
    }
  }
}
