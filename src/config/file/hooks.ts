import { z } from "zod";
import { parseDuration } from "../values/durations.ts";
import { filePath } from "./connection-settings.ts";
import type { YamlProblem } from "./yaml.ts";
import { parseSection } from "./yaml-section.ts";

/** The operator's own code. */
export interface HooksConfig {
  /** A JavaScript module. */
  readonly module: string;
  /** How long any hook may take. */
  readonly timeoutMilliseconds: number;
}

const example = "hooks: { module: ./hooks.js, timeout: 1s }";
/** Registering, signing in and refreshing wait for it. */
const LONGEST_SECONDS = 10;

const timeout = z.string("must be a duration from 1s to 10s.").transform((text, context) => {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds >= 1 && seconds <= LONGEST_SECONDS) return seconds * 1000;
  context.addIssue({ code: "custom", message: "must be a duration from 1s to 10s." });
  return z.NEVER;
});

const hooks = z.strictObject({ module: filePath, timeout: timeout.default(1000) }, "must be a mapping with the key module.");

/** The `hooks` section. The path is as written: whoever reads the file knows where it lies. */
export function parseHooks(content: unknown): { hooks: HooksConfig | undefined; problems: YamlProblem[] } {
  const { value, problems } = parseSection({ name: "hooks", content, example }, hooks);
  return { hooks: value && { module: value.module, timeoutMilliseconds: value.timeout }, problems };
}
