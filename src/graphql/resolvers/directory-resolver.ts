import { Arg, Args, Ctx, Directive, ID, Query, Resolver } from "type-graphql";
import type { RequestContext } from "../context.ts";
import { toConnection } from "../types/page-info.ts";
import { User } from "../types/user.ts";
import { DEFAULT_USERS_PER_PAGE, UserConnection, UsersArguments } from "../types/user-connection.ts";

@Resolver()
export class DirectoryResolver {
  @Directive('@hasRole(roles: ["admin"])')
  @Query(() => User, { nullable: true, description: "Null where there is no such user." })
  async user(@Arg("id", () => ID) id: string, @Ctx() context: RequestContext): Promise<User | null> {
    return (await context.auth.directory.find(id)) ?? null;
  }

  @Directive('@requiresScopes(scopes: [["users:read"]])')
  @Query(() => User, {
    nullable: true,
    description:
      "One user by exact e-mail address or id, for roles with the scope `users:read`, such as support. Null where there is none.",
  })
  async lookUpUser(
    @Arg("emailOrId", () => String, { description: "In any spelling of the address." }) emailOrId: string,
    @Ctx() context: RequestContext,
  ): Promise<User | null> {
    return (await context.auth.directory.lookUp(emailOrId)) ?? null;
  }

  @Directive('@hasRole(roles: ["admin"])')
  @Query(() => UserConnection, { nullable: true, description: "Newest first; searched for by address in the order of the addresses." })
  async users(@Args(() => UsersArguments) users: UsersArguments, @Ctx() context: RequestContext): Promise<UserConnection> {
    const page = await context.auth.directory.page({
      first: users.first ?? DEFAULT_USERS_PER_PAGE,
      after: users.after ?? undefined,
      search: users.search ?? undefined,
      role: users.role ?? undefined,
      status: users.status ?? undefined,
    });
    return { ...toConnection(page, (account) => account, users.after), totalCount: page.count };
  }
}
