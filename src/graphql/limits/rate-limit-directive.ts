import {
  type ConstDirectiveNode,
  DirectiveLocation,
  type DocumentNode,
  GraphQLDirective,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLString,
  getArgumentValues,
} from "graphql";
import { listAppliedDirectives } from "../../access/requirements/applied-directives.ts";
import type { RateLimit } from "../../auth/limits/rate-limits.ts";

export const rateLimitDirective = new GraphQLDirective({
  name: "rateLimit",
  description: 'At most `max` calls in `window` (such as "15m") for one caller: the user where somebody is signed in, else the address.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    max: { type: new GraphQLNonNull(GraphQLInt) },
    window: { type: new GraphQLNonNull(GraphQLString) },
    identityArgs: { type: new GraphQLList(new GraphQLNonNull(GraphQLString)) },
  },
});

/** The limit that one `@rateLimit` states. */
export interface AppliedLimit extends RateLimit {
  /** Arguments that calls are counted apart by, as paths: `input.email`. */
  readonly identityArgs: readonly string[];
}

const secondsByUnit: ReadonlyMap<string, number> = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86_400],
]);

/** The limits that an SDL states, by coordinate. Throws where one cannot be read: it would limit nothing. */
export function readAppliedLimits(sdl: DocumentNode): ReadonlyMap<string, AppliedLimit> {
  const applied = listAppliedDirectives(sdl).filter(({ directive }) => directive.name.value === rateLimitDirective.name);
  return new Map(applied.map(({ coordinate, directive }) => [coordinate, readLimit(coordinate, directive)]));
}

function readLimit(coordinate: string, directive: ConstDirectiveNode): AppliedLimit {
  const { max, window, identityArgs } = getArgumentValues(rateLimitDirective, directive);
  const windowSeconds = readWindow(String(window));
  if (!(Number(max) >= 1 && windowSeconds >= 1)) {
    throw new Error(`${coordinate}: @rateLimit needs a max of at least 1 and a window such as "15m"`);
  }
  return { max: Number(max), windowSeconds, identityArgs: Array.isArray(identityArgs) ? identityArgs.map(String) : [] };
}

/** In seconds; NaN for what is no window. */
export function readWindow(window: string): number {
  const [, amount, unit = ""] = /^(\d{1,9})([smhd])$/.exec(window) ?? [];
  return Number(amount) * (secondsByUnit.get(unit) ?? Number.NaN);
}
