import { parseDuration } from "../values/durations.ts";
import { nameKey, type YamlProblem } from "./yaml.ts";

export interface LimitSetting {
  readonly max: number;
  readonly windowSeconds: number;
}

/** By root field (`Mutation.login`), `default` for all fields that the schema states no limit for, `all` for all fields of a caller together, or one of the names for accounts. */
export type Limits = ReadonlyMap<string, LimitSetting | "off">;

export const limitsExample = "limits: { default: { max: 1000, window: 1m }, Mutation.login: { max: 5, window: 15m } }";

/** All but the root fields. */
export const limitNames: readonly string[] = [
  "default",
  "all",
  "failedLoginsPerAccount",
  "signInsPerAccount",
  "codeTriesPerAccount",
  "codeTriesPerDomain",
  "messagesPerAddress",
];
const coordinate = /^[_A-Za-z][_0-9A-Za-z]*\.[_A-Za-z][_0-9A-Za-z]*$/;
const MAXIMUM_CALLS = 1_000_000;
/** Counters are kept for as long as their windows last. */
const MAXIMUM_WINDOW_SECONDS = 86_400;

/** The `limits` section. Whether there is such a field only the schema can tell. */
export function parseLimits(section: unknown): { limits: Limits; problems: YamlProblem[] } {
  if (section === undefined || section === null) return { limits: new Map(), problems: [] };
  if (!(section instanceof Map)) return { limits: new Map(), problems: [flaw("limits", "must be a mapping from fields.")] };
  const limits = new Map<string, LimitSetting | "off">();
  const problems: YamlProblem[] = [];
  for (const [name, body] of section) {
    const at = `limits.${nameKey(name)}`;
    const isName = typeof name === "string" && (limitNames.includes(name) || coordinate.test(name));
    const parsed = isName ? parseLimit(body, at) : [flaw(at, `is neither ${limitNames.join(", ")} nor a field such as Mutation.login.`)];
    if (Array.isArray(parsed)) problems.push(...parsed);
    else limits.set(String(name), parsed);
  }
  return { limits, problems };
}

function parseLimit(body: unknown, at: string): LimitSetting | "off" | YamlProblem[] {
  if (body === "off") return "off";
  if (!(body instanceof Map)) return [flaw(at, "must be a mapping with the keys max and window, or off.")];
  const max: unknown = body.get("max");
  const window: unknown = body.get("window");
  const windowSeconds = typeof window === "string" ? parseDuration(window) : undefined;
  const unknown = [...body.keys()].filter((key) => key !== "max" && key !== "window");
  const problems = [
    ...unknown.map((key) => flaw(`${at}.${nameKey(key)}`, "is not a known key.")),
    ...(isCount(max) ? [] : [flaw(`${at}.max`, `must be a whole number from 1 to ${MAXIMUM_CALLS}; for no limit, write off instead.`)]),
    ...(isWindow(windowSeconds) ? [] : [flaw(`${at}.window`, "must be a duration from 1s to 1d, such as 15m.")]),
  ];
  return isCount(max) && isWindow(windowSeconds) && problems.length === 0 ? { max, windowSeconds } : problems;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAXIMUM_CALLS;
}

function isWindow(seconds: number | undefined): seconds is number {
  return seconds !== undefined && seconds >= 1 && seconds <= MAXIMUM_WINDOW_SECONDS;
}

function flaw(at: string, problem: string): YamlProblem {
  return { at, problem, example: limitsExample };
}
