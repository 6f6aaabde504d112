import type { PasswordEngine } from "../auth/passwords/password-engine.ts";
import type { Metrics } from "./metrics.ts";

export interface MeasuredHashing {
  readonly engine: PasswordEngine;
  /** How many passwords are being hashed. */
  running(): number;
}

export function measureHashing(engine: PasswordEngine, { hashingSeconds }: Pick<Metrics, "hashingSeconds">): MeasuredHashing {
  let running = 0;

  async function measure<Result>(work: "hash" | "verify", perform: () => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    running += 1;
    try {
      return await perform();
    } finally {
      running -= 1;
      hashingSeconds.observe({ work }, (performance.now() - startedAt) / 1000);
    }
  }

  return {
    running: () => running,
    engine: {
      hash: (password) => measure("hash", () => engine.hash(password)),
      verify: (hash, password) => measure("verify", () => engine.verify(hash, password)),
    },
  };
}
