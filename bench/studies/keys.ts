import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Verdict } from "../verdicts.ts";

const COUNT = 1_000_000;
const AIM_MEGABYTES = 50;
const kinds = { callers: "distinct callers of limited fields", tokens: "distinct forged access tokens" } as const;

/** How resident memory grows under a million made-up callers and tokens: what is bounded is flat in the second half. */
export async function benchmarkKeys(program: string): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const [kind, title] of Object.entries(kinds)) {
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", program, kind, String(COUNT)]);
    const { none, half, all } = JSON.parse(stdout);
    process.stdout.write(`${COUNT} ${title}: +${megabytes(half - none)} MB after half of them, +${megabytes(all - none)} MB after all\n`);
    const grown = (all - none) / 1024 ** 2;
    verdicts.push({
      job: `memory of a million ${kind}`,
      figure: `+${grown.toFixed(1)} MB`,
      beside: "",
      ratio: "",
      aim: `< ${AIM_MEGABYTES} MB`,
      isHeld: grown < AIM_MEGABYTES,
    });
  }
  process.stdout.write("\n");
  return verdicts;
}

function megabytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}
