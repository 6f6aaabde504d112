import type { AuditEvent } from "../auth/audit/audit-events.ts";
import { type RequestContext, viewerOf } from "./context.ts";

/** An event as the viewer may see it in their own trail: the address of an admin is not for the user on whom they acted. */
export function asSeenBy(event: AuditEvent, context: RequestContext): AuditEvent {
  return isBySomebodyElse(event, context) ? { ...event, ipAddress: null, userAgent: null } : event;
}

function isBySomebodyElse({ actorId }: AuditEvent, context: RequestContext): boolean {
  const viewer = viewerOf(context);
  return actorId !== null && actorId !== viewer?.userId && viewer?.roles.has("admin") !== true;
}
