import { formatRate } from "./report.ts";
import type { Outcome } from "./rounds.ts";
import type { ScenarioName } from "./scenarios.ts";
import { LOGIN_AIM, ratioOf, type Verdict } from "./verdicts.ts";

const jobs: Readonly<Record<ScenarioName, string>> = {
  token: "authenticated query, from the token",
  row: "authenticated query, with the user's row",
  login: "login",
  refresh: "refresh, with its audit event",
};

const aims: Readonly<Record<ScenarioName, number | undefined>> = { token: 0.9, row: undefined, login: LOGIN_AIM, refresh: 1 };

export function judgeScenario(name: ScenarioName, { scenario, ours, other, ratio, costRatio }: Outcome): Verdict {
  const aim = aims[name];
  const judged = ratioOf({ median: ratio.median, byCost: costRatio }, aim ?? 0);
  return {
    job: jobs[name],
    figure: formatRate(ours.perSecond),
    beside: `${scenario.other.name} ${formatRate(other.perSecond)}`,
    ...judged,
    ...(aim === undefined ? { aim: "", isHeld: undefined } : {}),
  };
}
