import { addressKey, callerKey } from "../../auth/limits/callers.ts";
import { type RequestContext, viewerOf } from "../context.ts";
import { policyOf } from "../policies/root-policies.ts";

/** The key of the caller whose calls of a field are counted together. */
export function identifyCaller(coordinate: string, context: RequestContext): string {
  return isCountedByAddress(coordinate) ? addressKey(context.client) : callerKey(viewerOf(context), context.client);
}

export function countsByAddress(coordinate: string, context: RequestContext): boolean {
  return isCountedByAddress(coordinate) || viewerOf(context) === undefined;
}

function isCountedByAddress(coordinate: string): boolean {
  return policyOf(coordinate)?.countedBy === "address";
}
