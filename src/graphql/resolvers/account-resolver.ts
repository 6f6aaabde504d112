import { Arg, Ctx, Directive, ID, Mutation, Resolver } from "type-graphql";
import { AuthError } from "../../core/errors.ts";
import { isId } from "../../core/ids.ts";
import { getViewer, type RequestContext } from "../context.ts";
import { rateLimitOf } from "../policies/root-policies.ts";
import { LogoutPayload } from "../types/auth-payload.ts";
import { ChangePasswordInput } from "../types/inputs.ts";
import { Session, toSession } from "../types/session.ts";
import { User } from "../types/user.ts";

/** The fields by which signed-in users change their own account and sessions. */
@Resolver()
export class AccountResolver {
  @Directive("@authenticated")
  @Mutation(() => LogoutPayload, { nullable: true, description: "End every session of the caller, this one included." })
  async logoutAll(@Ctx() context: RequestContext): Promise<LogoutPayload> {
    return { endedSessions: await context.auth.sessions.logoutAll(getViewer(context), context.client) };
  }

  @Directive("@authenticated")
  @Mutation(() => Session, { nullable: true, description: "End one of the caller's own sessions." })
  async revokeSession(@Arg("id", () => ID) id: string, @Ctx() context: RequestContext): Promise<Session> {
    if (!isId(id)) throw new AuthError("NOT_FOUND", {});
    const viewer = getViewer(context);
    const session = await context.auth.sessions.revoke(id, viewer, context.client);
    return toSession(session, { now: context.clock(), currentSessionId: viewer.sessionId });
  }

  @Directive("@authenticated")
  @Directive(rateLimitOf("Mutation.changePassword"))
  @Mutation(() => User, {
    nullable: true,
    description:
      "Change the password; ends every other session. Access tokens issued before are refused, this session's too: it " +
      "goes on with a refresh.",
  })
  changePassword(@Arg("input", () => ChangePasswordInput) input: ChangePasswordInput, @Ctx() context: RequestContext): Promise<User> {
    return context.auth.accounts.changePassword(input, getViewer(context), context.client);
  }
}
