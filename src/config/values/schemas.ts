import { resolve } from "node:path";
import { z } from "zod";
import { parseDuration } from "./durations.ts";
import type { Surroundings } from "./section.ts";
import { similarName } from "./similar-names.ts";
import { parseSize } from "./sizes.ts";
import { isExposedHttp } from "./urls.ts";

/*
 * What the sections of gateway.yaml are made of. A message goes on after the place that it is about (`gateway.yaml: mail.from must be …`),
 * and has nothing in it that stands in the file. A value that is left out is written as it would stand in the file (`prefault`), because
 * the published JSON Schema shows it.
 */

/** A mapping with known keys. It comes as a `Map`, as the file is read. */
export function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape, problem: string) {
  const known = Object.keys(shape);
  return z.preprocess(
    (written) => (written instanceof Map ? Object.fromEntries(withTextKeys(written)) : written),
    z.strictObject(shape, {
      error: (issue) => (issue.code === "unrecognized_keys" ? describeUnknownKeys(issue.keys, known) : problem),
    }),
  );
}

/**
 * A mapping from names that the operator chooses. It stays a `Map`, so that no name (`__proto__`, `constructor`) means anything special.
 */
export function mappingFrom<Name extends z.ZodType<string>, Value extends z.ZodType>(name: Name, value: Value, problem: string) {
  return z.preprocess((written) => (written instanceof Map ? withTextKeys(written) : written), z.map(name, value, problem));
}

/** `1:` and `true:` are names like any other. What is a mapping itself is none. */
function withTextKeys(written: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
  return new Map([...written].map(([key, value]) => [typeof key === "object" && key !== null ? key : String(key), value]));
}

/** One line a key. */
function describeUnknownKeys(keys: readonly string[], known: readonly string[]): string {
  const problems = keys.map((key) => {
    const meant = similarName(key, known);
    return `is not a known key. ${meant === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean ${meant}?`}`;
  });
  return problems.join("\n");
}

export const mappingProblem = "must be a mapping.";

export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }, problem: string) {
  return z.number(problem).int(problem).min(min, problem).max(max, problem);
}

/** In seconds. Both ends are allowed. */
export function durationBetween({ min, max }: { readonly min: string; readonly max: string }, problem: string) {
  const [least = 0, most = 0] = [parseDuration(min), parseDuration(max)];
  return z
    .string(problem)
    .regex(/^\d{1,9}[smhd]$/, problem)
    .transform((written) => parseDuration(written) ?? 0)
    .refine((seconds) => seconds >= least && seconds <= most, problem);
}

/** In bytes. */
export function sizeUpTo(max: string, problem: string) {
  const most = parseSize(max) ?? 0;
  return z
    .string(problem)
    .regex(/^\d{1,6}[kM]B$/, problem)
    .transform((written) => parseSize(written) ?? 0)
    .refine((bytes) => bytes > 0 && bytes <= most, problem);
}

/** An absolute path. */
export function filePath({ folder }: Pick<Surroundings, "folder">) {
  const problem = "must be the path of a file.";
  return z
    .string(problem)
    .min(1, problem)
    .transform((written) => resolve(folder, written));
}

export const flag = z.boolean("must be true or false.");

/** The beginning of a pattern for JSON Schema, which has no flag for small and capital letters. */
export const HTTP_PATTERN = "^[Hh][Tt][Tt][Pp][Ss]?://";

/** Of an address that has been found to be one. */
export function isTooOpen(url: string, { inProduction }: Pick<Surroundings, "inProduction">): boolean {
  return inProduction && isExposedHttp(url);
}
export const tooOpen = "must be https:// in production, unless it is localhost.";
