import { z } from "zod";
import { durationBetween, mapping, mappingFrom, wholeNumber } from "../../config/values/schemas.ts";
import type { Section } from "../../config/values/section.ts";
import { accountLimitDefaults } from "./default-limits.ts";
import type { RateLimit } from "./rate-limits.ts";

/** All but the root fields. */
export const limitNames: readonly string[] = ["default", "all", ...Object.keys(accountLimitDefaults)];

const MAXIMUM_CALLS = 1_000_000;
/** Counters are kept for as long as their windows last. */
const LONGEST_WINDOW = "1d";

const nameProblem = `is neither ${limitNames.join(", ")} nor a field such as Mutation.login.`;
const name = z.union([z.enum(limitNames), z.string().regex(/^[_A-Za-z][_0-9A-Za-z]*\.[_A-Za-z][_0-9A-Za-z]*$/, nameProblem)], nameProblem);
const max = wholeNumber(
  { min: 1, max: MAXIMUM_CALLS },
  `must be a whole number from 1 to ${MAXIMUM_CALLS}; for no limit, write off instead.`,
);
const window = durationBetween({ min: "1s", max: LONGEST_WINDOW }, `must be a duration from 1s to ${LONGEST_WINDOW}, such as 15m.`);

const limit = z.union(
  [
    z.literal("off"),
    mapping(
      {
        max: max.describe("How many calls one caller has in a window."),
        window: window.describe(`How long a window lasts, such as 15m; at most ${LONGEST_WINDOW}.`),
      },
      "must be a mapping.",
    ).transform((written): RateLimit => ({ max: written.max, windowSeconds: written.window })),
  ],
  "must be a mapping with the keys max and window, or off.",
);

/**
 * By root field (`Mutation.login`), `default` for all fields that the schema states no limit for, `all` for all fields of a caller
 * together, or the name of a limit for an account, a domain or an address. Whether there is such a field only the schema can tell.
 */
export const limitsSection = {
  example: "limits: { default: { max: 1000, window: 1m }, Mutation.login: { max: 5, window: 15m } }",
  schema: () =>
    mappingFrom(name, limit, "must be a mapping from fields.")
      .prefault(() => new Map())
      .describe(
        `How often a caller may call: by root field such as Mutation.login, or by one of ${limitNames.join(", ")}; off for no limit. ` +
          "See docs/concepts/limits.md.",
      ),
} satisfies Section;
