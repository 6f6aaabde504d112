import { Ctx, Directive, Query, Resolver } from "type-graphql";
import { AuthError } from "../../auth/errors.ts";
import { type RequestContext, viewerOf } from "../context.ts";
import { type LazyUser, SignedInUser, User } from "../types/user.ts";

@Resolver()
export class ViewerResolver {
  @Directive("@authenticated")
  @Query(() => User, { nullable: true, description: "The signed-in user." })
  me(@Ctx() context: RequestContext): LazyUser | null {
    const viewer = viewerOf(context);
    if (viewer === undefined) return null;
    return new SignedInUser({ id: viewer.userId, email: viewer.email, roles: [...viewer.roles] }, async () => {
      const account = await context.auth.accounts.find(viewer.userId);
      if (account !== undefined) return account;
      throw new AuthError("UNAUTHENTICATED", { reason: "revoked", coordinate: "Query.me", directive: "authenticated" });
    });
  }
}
