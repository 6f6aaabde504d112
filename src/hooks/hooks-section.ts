import { durationBetween, filePath, mapping } from "../config/values/schemas.ts";
import type { Section, Surroundings } from "../config/values/section.ts";

/** Registering, signing in and refreshing wait for it. */
const LONGEST = "10s";

export const hooksSection = {
  example: "hooks: { module: ./hooks.js, timeout: 1s }",
  schema: (surroundings: Surroundings) =>
    mapping(
      {
        module: filePath(surroundings).describe("A JavaScript module, relative to this file."),
        timeout: durationBetween({ min: "1s", max: LONGEST }, `must be a duration from 1s to ${LONGEST}.`)
          .prefault("1s")
          .describe(`How long any hook may take, at most ${LONGEST}.`),
      },
      "must be a mapping with the key module.",
    )
      .transform(({ module, timeout }) => ({ module, timeoutMilliseconds: timeout * 1000 }))
      .optional()
      .describe("Your own code. See docs/guides/hooks.md."),
} satisfies Section;
