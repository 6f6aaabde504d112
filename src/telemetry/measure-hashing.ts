import type { PasswordEngine } from "../auth/passwords/password-engine.ts";
import type { Metrics } from "./metrics.ts";

export function measureHashing(engine: PasswordEngine, { hashingSeconds }: Pick<Metrics, "hashingSeconds">): PasswordEngine {
  async function measure<Result>(work: "hash" | "verify", perform: () => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    try {
      return await perform();
    } finally {
      hashingSeconds.observe({ work }, (performance.now() - startedAt) / 1000);
    }
  }

  return {
    hash: (password) => measure("hash", () => engine.hash(password)),
    verify: (hash, password) => measure("verify", () => engine.verify(hash, password)),
  };
}
