import { Args, Ctx, Directive, Query, Resolver } from "type-graphql";
import { getViewer, type RequestContext } from "../context.ts";
import { toAuditEvent } from "../types/audit-event.ts";
import { AuditEventConnection, AuditEventsArguments, DEFAULT_EVENTS_PER_PAGE } from "../types/audit-event-connection.ts";
import { toConnection } from "../types/page-info.ts";

@Resolver()
export class AuditResolver {
  @Directive('@hasRole(roles: ["admin"])')
  @Query(() => AuditEventConnection, { nullable: true, description: "What happened, newest first." })
  async auditEvents(
    @Args(() => AuditEventsArguments) { first, after, filter }: AuditEventsArguments,
    @Ctx() context: RequestContext,
  ): Promise<AuditEventConnection> {
    const request = {
      first: first ?? DEFAULT_EVENTS_PER_PAGE,
      after: after ?? undefined,
      filter: {
        userId: filter?.userId ?? undefined,
        sessionId: filter?.sessionId ?? undefined,
        actorId: filter?.actorId ?? undefined,
        ipAddress: filter?.ipAddress ?? undefined,
        types: filter?.types ?? undefined,
        from: filter?.from ?? undefined,
        to: filter?.to ?? undefined,
      },
    };
    const page = await context.auth.auditTrail.page(request, getViewer(context).sessionId);
    return toConnection(page, toAuditEvent, after);
  }
}
