import { Arg, Ctx, Directive, Mutation, Resolver, Root, Subscription } from "type-graphql";
import { withoutRefreshesOf } from "../../auth/sessions/live/own-refreshes.ts";
import type { SessionEvent as DomainSessionEvent } from "../../auth/sessions/live/session-changes.ts";
import { AuthError } from "../../core/errors.ts";
import { getViewer, type RequestContext, viewerOf } from "../context.ts";
import { Session, toSession } from "../types/session.ts";
import { SessionEvent } from "../types/session-event.ts";

/** The fields that work on a WebSocket. */
@Resolver()
export class LiveResolver {
  @Mutation(() => Session, { nullable: true, description: "On a WebSocket: replace the socket's access token before it expires." })
  async reauthenticate(@Arg("accessToken", () => String) accessToken: string, @Ctx() context: RequestContext): Promise<Session | null> {
    const { auth, clock, connection } = context;
    if (connection === undefined) throw new AuthError("BAD_USER_INPUT", { fields: { request: ["Works on a WebSocket only."] } });
    const { sessionId } = await connection.reauthenticate(accessToken);
    const session = sessionId === undefined ? undefined : await auth.sessionLists.find(sessionId);
    return session === undefined ? null : toSession(session, { now: clock(), currentSessionId: sessionId });
  }

  @Directive("@authenticated")
  @Subscription(() => SessionEvent, {
    description: "What happens to the caller's own sessions, as it happens; but not when the session that listens is refreshed.",
    async subscribe({ context }: { context: RequestContext }) {
      const { userId, sessionId } = getViewer(context);
      return withoutRefreshesOf(sessionId, await context.auth.sessionWatch.watch(userId));
    },
  })
  sessionEvents(@Root() event: DomainSessionEvent, @Ctx() context: RequestContext): SessionEvent {
    const seen = { now: context.clock(), currentSessionId: viewerOf(context)?.sessionId };
    return { ...event, session: toSession(event.session, seen) };
  }
}
