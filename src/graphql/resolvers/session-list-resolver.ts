import { Arg, Ctx, Directive, FieldResolver, ID, Query, Resolver, Root } from "type-graphql";
import { getViewer, type RequestContext, viewerOf } from "../context.ts";
import { requireOwnOrAdmin } from "../own-or-admin.ts";
import { Session, toSession } from "../types/session.ts";
import { User } from "../types/user.ts";

@Resolver()
export class SessionListResolver {
  @Directive("@authenticated")
  @Query(() => [Session], { nullable: true, description: "The caller's live sessions, most recently used first." })
  async sessions(@Ctx() context: RequestContext): Promise<Session[] | null> {
    const viewer = viewerOf(context);
    return viewer === undefined ? null : liveSessionsOf(viewer.userId, context);
  }

  @Directive("@authenticated")
  @Query(() => Session, {
    nullable: true,
    description: "One session of the caller's own, or for an admin anybody's, also when it has ended: with `events`, why was I logged out?",
  })
  async session(@Arg("id", () => ID) id: string, @Ctx() context: RequestContext): Promise<Session | null> {
    const viewer = getViewer(context);
    const session = await context.auth.sessionLists.find(id);
    const isVisible = session?.userId === viewer.userId || viewer.roles.has("admin");
    if (session === undefined || !isVisible) return null;
    return toSession(session, { now: context.clock(), currentSessionId: viewer.sessionId });
  }
}

@Resolver(() => User)
export class UserSessionsResolver {
  @FieldResolver(() => [Session], {
    nullable: true,
    description: "Live sessions of this user, most recently used first, at most 1,000. Own user or admin; otherwise FORBIDDEN.",
  })
  async sessions(@Root() user: Pick<User, "id">, @Ctx() context: RequestContext): Promise<Session[]> {
    requireOwnOrAdmin(context, user.id, "User.sessions");
    return liveSessionsOf(user.id, context);
  }
}

async function liveSessionsOf(userId: string, context: RequestContext): Promise<Session[]> {
  const found = await context.loaders.liveSessionsOf(userId);
  const seen = { now: context.clock(), currentSessionId: viewerOf(context)?.sessionId };
  const sessions = found.map((session) => toSession(session, seen));
  // The session that asks is in use now: its place must not tell when it was refreshed.
  return [...sessions.filter(({ current }) => current), ...sessions.filter(({ current }) => !current)];
}
