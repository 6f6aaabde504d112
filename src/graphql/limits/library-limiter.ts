import type { GraphQLResolveInfo } from "graphql";
import { getGraphQLRateLimiter } from "graphql-rate-limit";
import type { Admission } from "../../auth/limits/call-limits.ts";
import type { RateLimit } from "../../auth/limits/rate-limits.ts";

export interface LibraryCall {
  /** `Type.field` and whose calls are counted together. */
  readonly field: string;
  readonly caller: string;
  readonly limit: RateLimit;
  readonly info: GraphQLResolveInfo;
  /** Counts the call, atomically. */
  reserve(): Promise<Admission>;
}

/**
 * Has graphql-rate-limit decide whether a call may go on. It asks a store for the calls in the window, and compares their number with a
 * maximum. Its own stores read and write in two steps, between which parallel calls slip through; ours counts the call while it reads,
 * atomically and for all of its keys. What the library then hears is whether there was room: its store has room for one call, and is
 * empty or full. A limiter for each call: a store is told two strings, and the reservation, which may be given back, stays in this closure.
 */
export async function admitByLibrary({ field, caller, limit, info, reserve }: LibraryCall): Promise<Admission> {
  let admission: Admission | undefined;
  const limiter = getGraphQLRateLimiter({
    identifyContext: () => caller,
    formatError: () => "RATE_LIMITED",
    store: {
      async getForIdentity() {
        admission = await reserve();
        return admission.refusal === undefined ? [] : [Date.now()];
      },
      setForIdentity: () => undefined,
    },
  });
  // The library knows a field by its bare name, which types may share.
  const named = { ...info, fieldName: field };
  const call = { parent: undefined, args: {}, context: undefined, info: named };
  const problem = await limiter(call, { max: 1, window: `${limit.windowSeconds}s` });
  // Never let through what was not counted: not even where the clock was set on in between.
  if (admission === undefined || (problem === undefined) !== (admission.refusal === undefined)) {
    throw new Error("graphql-rate-limit does not follow its store.");
  }
  return admission;
}
