import type { LimitedCall } from "../../auth/limits/call-limits.ts";
import { type RequestContext, viewerOf } from "../context.ts";

/** Who calls what, for whoever is told of a refusal. */
export function limitedCall(coordinate: string, context: RequestContext): LimitedCall {
  const viewer = viewerOf(context);
  return { coordinate, userId: viewer?.userId ?? null, sessionId: viewer?.sessionId ?? null, client: context.client };
}
