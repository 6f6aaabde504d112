import { parseConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";

/** The configuration of a `gateway.yaml`, without any variable. */
export const parse = (text: string) => parseConfig({}, { path: "gateway.yaml", text });

/** What is wrong with a `gateway.yaml`. */
export function problemsOf(text: string) {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable, problem }) => `${variable} ${problem}`);
    throw error;
  }
}
