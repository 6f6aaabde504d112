import type { z } from "zod";
import { nameKey, type YamlProblem } from "./yaml.ts";

/** One section of the file by its schema. An empty one (`upstreams:`) is none. */
export function parseSection<Value>(
  section: { readonly name: string; readonly content: unknown; readonly example: string },
  schema: z.ZodType<Value>,
): { value: Value | undefined; problems: YamlProblem[] } {
  const { name, content, example } = section;
  if (content === undefined || content === null) return { value: undefined, problems: [] };
  const parsed = schema.safeParse(toPlain(content));
  if (parsed.success) return { value: parsed.data, problems: [] };
  return {
    value: undefined,
    problems: parsed.error.issues.flatMap((issue) => describe(issue, name)).map((problem) => ({ ...problem, example })),
  };
}

/** Messages of the schemas are whole; zod's own would quote what stands there. */
function describe(issue: z.core.$ZodIssue, section: string): { at: string; problem: string }[] {
  const at = placeOf(issue.path, section);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => ({ at: `${at}.${nameKey(key)}`, problem: "is not a known key." }));
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => ({ at, problem: message }));
  return [{ at, problem: issue.message }];
}

function placeOf(path: readonly PropertyKey[], section: string): string {
  return path.reduce<string>((place, key) => (typeof key === "number" ? `${place}[${key}]` : `${place}.${nameKey(key)}`), section);
}

/** Mappings as objects, whose keys are their own whatever their names. */
function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, inner]) => [String(key), toPlain(inner)]));
}
