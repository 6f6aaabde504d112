import { benchmarkGateways } from "./gateways/gateways.ts";
import type { Ground } from "./machine/fleet.ts";
import type { Peers } from "./machine/peers.ts";
import { benchmarkPages } from "./pages/pages.ts";
import { benchmarkRefreshSizes } from "./refreshes/refresh-sizes.ts";
import { benchmarkRevocationDelay } from "./revocations/revocation-delay.ts";
import { benchmarkRevocationsHeld, type HeldOptions } from "./revocations/revocations-held.ts";
import { benchmarkAuditGrowth } from "./studies/audit-growth.ts";
import { benchmarkBombs } from "./studies/bombs.ts";
import { benchmarkImport } from "./studies/import.ts";
import { benchmarkKeys } from "./studies/keys.ts";
import { drillKills } from "./studies/kills.ts";
import { benchmarkManySessions } from "./studies/many-sessions.ts";
import { drillOutages } from "./studies/outages.ts";
import { benchmarkStorm, type StormOptions } from "./studies/storm.ts";

import type { Verdict } from "./verdicts.ts";

type StudyOptions = HeldOptions & StormOptions & Peers;

/** What is measured on servers of its own, and printed in figures of its own; what of it is promised comes back. */
const studies = {
  "refresh-sizes": benchmarkRefreshSizes,
  revocation: benchmarkRevocationDelay,
  "revocations-held": benchmarkRevocationsHeld,
  pages: benchmarkPages,
  "audit-growth": benchmarkAuditGrowth,
  storm: benchmarkStorm,
  gateway: benchmarkGateways,
  bombs: benchmarkBombs,
  kills: drillKills,
  outages: drillOutages,
  "many-sessions": benchmarkManySessions,
  import: benchmarkImport,
  keys: (_ground: Ground, options: StudyOptions) => benchmarkKeys(options.keyMemory),
} satisfies Record<string, (ground: Ground, options: StudyOptions) => Promise<readonly Verdict[]>>;

export type StudyName = keyof typeof studies;
/**
 * They take long, or tell what something costs of which nothing is promised: run by name only, so that all the others take some ten
 * minutes.
 */
export const studiesByNameOnly: ReadonlySet<string> = new Set<StudyName>(["revocations-held", "pages", "many-sessions", "audit-growth"]);
export const studyNames = Object.keys(studies) as StudyName[];

export function runStudy(name: StudyName, ground: Ground, options: StudyOptions): Promise<readonly Verdict[]> {
  return studies[name](ground, options);
}
