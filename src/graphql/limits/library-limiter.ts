import type { GraphQLResolveInfo } from "graphql";
import { getGraphQLRateLimiter } from "graphql-rate-limit";
import type { Admission } from "../../auth/limits/call-limits.ts";
import type { RateLimit } from "../../auth/limits/rate-limits.ts";

/** It copies the list of a refusal three times, and a list of any length says the same. */
const LONGEST_LIST = 100;

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
 * Asks graphql-rate-limit whether a call may go on. Its stores read and write in two steps, between which parallel calls slip through; so
 * ours reserves while it reads, answers with as many timestamps as make up the verdict, and has nothing left to write. A limiter for each
 * call, because a store is told two strings and answers a list: the reservation, which may be given back, stays in this closure.
 */
export async function admitByLibrary({ field, caller, limit, info, reserve }: LibraryCall): Promise<Admission> {
  let admission: Admission | undefined;
  const max = Math.min(limit.max, LONGEST_LIST);
  const limiter = getGraphQLRateLimiter({
    identifyContext: () => caller,
    formatError: () => "RATE_LIMITED",
    store: {
      async getForIdentity() {
        admission = await reserve();
        return admission.refusal === undefined ? [] : new Array<number>(max).fill(Number.POSITIVE_INFINITY);
      },
      setForIdentity: () => undefined,
    },
  });
  // The library knows a field by its bare name, which types may share.
  const named = { ...info, fieldName: field };
  const problem = await limiter(
    { parent: undefined, args: {}, context: undefined, info: named },
    { max, window: `${limit.windowSeconds}s` },
  );
  if (admission === undefined || (problem === undefined) !== (admission.refusal === undefined)) {
    throw new Error("graphql-rate-limit does not follow its store.");
  }
  return admission;
}
