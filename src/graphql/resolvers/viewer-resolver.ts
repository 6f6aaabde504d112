import { Ctx, Directive, Query, Resolver } from "type-graphql";
import { type RequestContext, viewerOf } from "../context.ts";
import { type LazyUser, User } from "../types/user.ts";
import { viewerAsUser } from "../viewer-as-user.ts";

@Resolver()
export class ViewerResolver {
  @Directive("@authenticated")
  @Query(() => User, { nullable: true, description: "The signed-in user." })
  me(@Ctx() context: RequestContext): LazyUser | null {
    const viewer = viewerOf(context);
    if (viewer === undefined) return null;
    return viewerAsUser(viewer, "Query.me", () => context.auth.accounts.find(viewer.userId));
  }
}
