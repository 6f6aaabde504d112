import type { LimitedCall } from "../../auth/limits/call-limits.ts";
import { type RequestContext, viewerOf } from "../context.ts";

/** The call as a refusal of it is logged: the field, the user and the client. */
export function limitedCall(coordinate: string, context: RequestContext): LimitedCall {
  const viewer = viewerOf(context);
  return { coordinate, userId: viewer?.userId ?? null, sessionId: viewer?.sessionId ?? null, client: context.client };
}
