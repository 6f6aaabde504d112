import { Arg, Ctx, Directive, ID, Mutation, Resolver } from "type-graphql";
import type { AdminCommand } from "../../auth/admin/administration.ts";
import { AuthError } from "../../core/errors.ts";
import { isId } from "../../core/ids.ts";
import { getViewer, type RequestContext } from "../context.ts";
import { keysOfAccount } from "../policies/account-limits.ts";
import { LogoutPayload } from "../types/auth-payload.ts";
import { User } from "../types/user.ts";

/** The commands of admins. */
@Resolver()
export class AdministrationResolver {
  @Directive('@hasRole(roles: ["admin"])')
  @Mutation(() => User, {
    nullable: true,
    description: "Replaces the roles. Access tokens with the old ones are refused at once; the next refresh carries the new ones.",
  })
  setUserRoles(
    @Arg("userId", () => ID) userId: string,
    @Arg("roles", () => [String]) roles: string[],
    @Ctx() context: RequestContext,
  ): Promise<User> {
    return context.auth.administration.setRoles(getUserId(userId), roles, commandOf(context));
  }

  @Directive('@hasRole(roles: ["admin"])')
  @Mutation(() => User, { nullable: true, description: "A disabled user has no live session and cannot log in." })
  disableUser(
    @Arg("userId", () => ID) userId: string,
    @Arg("reason", () => String, { nullable: true, description: "For the audit event; at most 500 characters." }) reason: string | null,
    @Ctx() context: RequestContext,
  ): Promise<User> {
    return context.auth.administration.disable(getUserId(userId), reason ?? undefined, commandOf(context));
  }

  @Directive('@hasRole(roles: ["admin"])')
  @Mutation(() => User, { nullable: true })
  enableUser(@Arg("userId", () => ID) userId: string, @Ctx() context: RequestContext): Promise<User> {
    return context.auth.administration.enable(getUserId(userId), commandOf(context));
  }

  @Directive('@hasRole(roles: ["admin"])')
  @Mutation(() => User, {
    nullable: true,
    description:
      "Forgets the wrong passwords, codes and messages that were counted for a user: whoever was shut out for an hour can sign in at once.",
  })
  async unlockUser(@Arg("userId", () => ID) userId: string, @Ctx() context: RequestContext): Promise<User> {
    const user = await context.auth.administration.unlock(getUserId(userId), commandOf(context));
    await context.auth.callLimits.forget(keysOfAccount(user));
    return user;
  }

  @Directive('@hasRole(roles: ["admin"])')
  @Mutation(() => LogoutPayload, { nullable: true, description: "End every session of a user, at once and everywhere." })
  async forceLogout(@Arg("userId", () => ID) userId: string, @Ctx() context: RequestContext): Promise<LogoutPayload> {
    return { endedSessions: await context.auth.administration.forceLogout(getUserId(userId), commandOf(context)) };
  }
}

function commandOf(context: RequestContext): AdminCommand {
  return { viewer: getViewer(context), client: context.client };
}

/** Throws NOT_FOUND for a text that cannot be an id. */
function getUserId(text: string): string {
  if (isId(text)) return text;
  throw new AuthError("NOT_FOUND", {});
}
