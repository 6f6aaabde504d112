import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from "type-graphql";
import { refuseFirst } from "../../auth/paging/pages.ts";
import { type RequestContext, viewerOf } from "../context.ts";
import { asSeenBy } from "../events-as-seen.ts";
import { requireOwnOrAdmin } from "../own-or-admin.ts";
import { AuditEvent, toAuditEvent } from "../types/audit-event.ts";
import { DEFAULT_EVENTS_PER_PAGE } from "../types/audit-event-connection.ts";
import { Session } from "../types/session.ts";

@Resolver(() => Session)
export class SessionEventsResolver {
  @FieldResolver(() => [AuditEvent], {
    nullable: true,
    description: "What happened to it, newest first: why was I logged out? Own user or admin.",
  })
  async events(
    @Root() session: Pick<Session, "id" | "userId">,
    @Arg("first", () => Int, { nullable: true, defaultValue: DEFAULT_EVENTS_PER_PAGE, description: "1 to 100." }) first: number | null,
    @Ctx() context: RequestContext,
  ): Promise<AuditEvent[]> {
    requireOwnOrAdmin(context, session.userId, "Session.events");
    const wanted = first ?? DEFAULT_EVENTS_PER_PAGE;
    refuseFirst(wanted);
    const events = await context.loaders.latestEventsOf(session.id, wanted, viewerOf(context)?.sessionId);
    return events.map((event) => toAuditEvent(asSeenBy(event, context)));
  }
}
