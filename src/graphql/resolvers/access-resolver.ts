import { Args, Ctx, Directive, Query, Resolver } from "type-graphql";
import type { RequestContext } from "../context.ts";
import { AccessExplanation, ExplainAccessArguments, toAccessExplanation } from "../types/access-explanation.ts";

@Resolver()
export class AccessResolver {
  @Directive('@hasRole(roles: ["admin"])')
  @Query(() => [AccessExplanation], {
    nullable: true,
    description:
      "What an operation on the graph that is served here takes: each coordinate that it selects, who asks for what, " +
      "and what a caller lacks.",
  })
  explainAccess(
    @Args(() => ExplainAccessArguments) { operation, operationName, as }: ExplainAccessArguments,
    @Ctx() context: RequestContext,
  ): AccessExplanation[] {
    const question = { text: operation, operationName: operationName ?? undefined };
    const caller = as ? { roles: as.roles ?? [], scopes: as.scopes ?? undefined } : undefined;
    return context.explainAccess({ ...question, as: caller }).map(toAccessExplanation);
  }
}
