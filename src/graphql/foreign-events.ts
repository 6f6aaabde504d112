import type { AuditEvent } from "../auth/audit/audit-events.ts";
import { type RequestContext, viewerOf } from "./context.ts";

/** An entry of somebody's own trail. Where an admin sits is not for the user on whom they acted. */
export function asSeenBy(event: AuditEvent, context: RequestContext): AuditEvent {
  return isForeign(event, context) ? { ...event, ipAddress: null, userAgent: null } : event;
}

function isForeign({ actorId }: AuditEvent, context: RequestContext): boolean {
  const viewer = viewerOf(context);
  return actorId !== null && actorId !== viewer?.userId && viewer?.roles.has("admin") !== true;
}
