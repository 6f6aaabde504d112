import type { z } from "zod";
import { nameKey, type YamlProblem } from "./yaml.ts";

/** Where it is in the file, and what is wrong with it. */
type Place = Pick<YamlProblem, "at" | "problem">;

/** Messages of the sections are whole. Each is told once. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): Place[] {
  const places = issues.flatMap((issue) => describe(issue, issue.path));
  return places.filter(({ at, problem }, index) => places.findIndex((each) => each.at === at && each.problem === problem) === index);
}

function describe(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): Place[] {
  if (issue.code === "unrecognized_keys") {
    const problems = issue.message.split("\n");
    return issue.keys.map((key, index) => ({ at: placeOf([...path, key]), problem: problems[index] ?? "is not a known key." }));
  }
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => ({ at: placeOf(path), problem: message }));
  if (issue.code === "invalid_union") {
    const within = soleOption(issue.errors);
    if (within !== undefined) return within.flatMap((inner) => describe(inner, [...path, ...inner.path]));
  }
  return [{ at: placeOf(path), problem: issue.message }];
}

/** What is wrong by the only option that what was written can be meant for: where that is a mapping or a list as it should be. */
function soleOption(errors: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const isWithin = ({ path }: z.core.$ZodIssue) => path.length > 0;
  const likely = errors.filter((issues) => issues.every((issue) => isWithin(issue) || issue.code === "unrecognized_keys"));
  const [sole, ...others] = likely.length === 1 ? likely : likely.filter((issues) => issues.every(isWithin));
  return others.length === 0 ? sole : undefined;
}

function placeOf([section, ...path]: readonly PropertyKey[]): string {
  const begin = section === undefined ? "" : nameKey(section);
  return path.reduce<string>((place, key) => (typeof key === "number" ? `${place}[${key}]` : `${place}.${nameKey(key)}`), begin);
}
