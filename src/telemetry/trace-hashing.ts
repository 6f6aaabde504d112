import type { PasswordEngine } from "../auth/passwords/password-engine.ts";
import { type Tracing, traced } from "./tracing.ts";

export function traceHashing(engine: PasswordEngine, tracing: Tracing): PasswordEngine {
  const start = (name: string) => ({ name, kind: "internal", facts: {} }) as const;
  return {
    hash: (password) => traced(tracing, start("hash password"), () => engine.hash(password)),
    verify: (hash, password) => traced(tracing, start("verify password"), () => engine.verify(hash, password)),
  };
}
