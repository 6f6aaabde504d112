import type { Ground } from "./fleet.ts";
import { benchmarkPages } from "./pages.ts";
import { benchmarkRevocationDelay } from "./revocation-delay.ts";
import { benchmarkRevocationsHeld, type HeldOptions } from "./revocations-held.ts";
import { benchmarkStorm, type StormOptions } from "./storm.ts";

/** What is measured on servers of its own, and printed in figures of its own. */
export const studyNames = ["revocation", "revocations-held", "pages", "storm"] as const;
export type StudyName = (typeof studyNames)[number];

export function runStudy(name: StudyName, ground: Ground, options: HeldOptions & StormOptions): Promise<void> {
  if (name === "pages") return benchmarkPages(ground);
  if (name === "storm") return benchmarkStorm(ground, options);
  return name === "revocation" ? benchmarkRevocationDelay(ground) : benchmarkRevocationsHeld(ground, options);
}
