import { Args, Ctx, Directive, FieldResolver, Query, Resolver, Root } from "type-graphql";
import { getViewer, type RequestContext } from "../context.ts";
import { asSeenBy } from "../events-as-seen.ts";
import { rateLimitOf } from "../policies/root-policies.ts";
import { AccountExport, EXPORTED_EVENTS_PER_PAGE, ExportedEventsArguments } from "../types/account-export.ts";
import { toAuditEvent } from "../types/audit-event.ts";
import { AuditEventConnection } from "../types/audit-event-connection.ts";
import { toConnection } from "../types/page-info.ts";
import { toSession } from "../types/session.ts";

@Resolver(() => AccountExport)
export class AccountExportResolver {
  @Directive("@authenticated")
  @Directive(rateLimitOf("Query.exportAccount"))
  @Query(() => AccountExport, { nullable: true, description: "Everything that is kept of the caller." })
  async exportAccount(@Ctx() context: RequestContext): Promise<AccountExport> {
    const viewer = getViewer(context);
    const { account, sessions, ...exported } = await context.auth.accountLife.exportAccount(viewer, context.client);
    const seen = { now: context.clock(), currentSessionId: viewer.sessionId };
    return { ...exported, user: account, sessions: async () => (await sessions()).map((session) => toSession(session, seen)) };
  }

  @FieldResolver(() => AuditEventConnection, { description: "Pages of them: at most 1,000 a request." })
  async auditEvents(
    @Root() { user }: Pick<AccountExport, "user">,
    @Args(() => ExportedEventsArguments) { first, after }: ExportedEventsArguments,
    @Ctx() context: RequestContext,
  ): Promise<AuditEventConnection> {
    const request = { first: first ?? EXPORTED_EVENTS_PER_PAGE, after: after ?? undefined };
    const page = await context.auth.auditTrail.ofUser(user.id, request, getViewer(context).sessionId);
    return toConnection(page, (event) => toAuditEvent(asSeenBy(event, context)), after);
  }
}
