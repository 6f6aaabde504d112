import { benchmarkBombs } from "./bombs.ts";
import type { Ground } from "./fleet.ts";
import { drillKills } from "./kills.ts";
import { benchmarkPages } from "./pages.ts";
import { benchmarkRevocationDelay } from "./revocation-delay.ts";
import { benchmarkRevocationsHeld, type HeldOptions } from "./revocations-held.ts";

/** What is measured on servers of its own, and printed in figures of its own. */
export const studyNames = ["revocation", "revocations-held", "pages", "bombs", "kills"] as const;
export type StudyName = (typeof studyNames)[number];

export function runStudy(name: StudyName, ground: Ground, options: HeldOptions): Promise<void> {
  if (name === "bombs") return benchmarkBombs(ground);
  if (name === "kills") return drillKills(ground);
  if (name === "pages") return benchmarkPages(ground);
  return name === "revocation" ? benchmarkRevocationDelay(ground) : benchmarkRevocationsHeld(ground, options);
}
