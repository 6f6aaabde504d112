import { readFileSync } from "node:fs";

/** proc(5); not a number where there is none. */
export function residentBytes({ pid }: { readonly pid: number }): number {
  try {
    return Number(/VmRSS:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}
