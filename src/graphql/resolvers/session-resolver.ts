import { Arg, Ctx, Directive, Mutation, Resolver } from "type-graphql";
import type { IssuedSession } from "../../auth/sessions/sessions.ts";
import { AuthError } from "../../core/errors.ts";
import { isAnonymous } from "../../core/permissions.ts";
import { type HandRefreshToken, type RequestContext, viewerOf } from "../context.ts";
import { rateLimitOf } from "../policies/root-policies.ts";
import { AuthPayload, LogoutPayload } from "../types/auth-payload.ts";
import { LoginInput, LogoutInput, RefreshInput, RegisterInput } from "../types/inputs.ts";
import { toRefreshedSession } from "../types/session.ts";

@Resolver()
export class SessionResolver {
  @Directive(rateLimitOf("Mutation.register"))
  @Mutation(() => AuthPayload, {
    description:
      "Create an account and open its first session. Where addresses have to be verified first, always ends in " +
      "EMAIL_NOT_VERIFIED and a message, whether or not the address is known.",
  })
  async register(@Arg("input", () => RegisterInput) input: RegisterInput, @Ctx() context: RequestContext): Promise<AuthPayload> {
    const { carrier, ...applicant } = input;
    const hand = context.refreshTokens.choose(carrier);
    return toAuthPayload(await context.auth.accounts.register(applicant, context.client), { context, hand });
  }

  @Directive(rateLimitOf("Mutation.login"))
  @Mutation(() => AuthPayload, { description: "Exchange e-mail and password for a session." })
  async login(@Arg("input", () => LoginInput) input: LoginInput, @Ctx() context: RequestContext): Promise<AuthPayload> {
    const { carrier, ...credentials } = input;
    const hand = context.refreshTokens.choose(carrier);
    return toAuthPayload(await context.auth.accounts.login(credentials, context.client), { context, hand });
  }

  @Mutation(() => AuthPayload, {
    description: "Exchange a refresh token for the next one. Repeating a call whose answer was lost returns the same next token.",
  })
  async refresh(
    @Arg("input", () => RefreshInput, { nullable: true }) input: RefreshInput | null,
    @Ctx() context: RequestContext,
  ): Promise<AuthPayload> {
    const { refreshToken, hand } = context.refreshTokens.read(input?.refreshToken);
    const request = { refreshToken, retryKey: input?.retryKey ?? undefined };
    return toAuthPayload(await context.auth.sessions.refresh(request, context.client), { context, hand });
  }

  @Mutation(() => LogoutPayload, {
    description:
      "End one session: the one of the refresh token if given (body or cookie), else the one of the access token. Never " +
      "an error for an unknown token.",
  })
  async logout(
    @Arg("input", () => LogoutInput, { nullable: true }) input: LogoutInput | null,
    @Ctx() context: RequestContext,
  ): Promise<LogoutPayload> {
    const { refreshToken } = context.refreshTokens.read(input?.refreshToken);
    // To answer "no session ended" would be wrong where nobody knows whose token this is.
    const isUnverifiable = isAnonymous(context.viewer) && context.viewer.reason === "unverifiable";
    if (refreshToken === undefined && isUnverifiable) throw new AuthError("SERVICE_UNAVAILABLE", {});
    const endedSessions = await context.auth.sessions.logout({ refreshToken, viewer: viewerOf(context) }, context.client);
    context.refreshTokens.withdraw(refreshToken);
    return { endedSessions };
  }
}

interface Answering {
  readonly context: RequestContext;
  readonly hand: HandRefreshToken;
}

function toAuthPayload(issued: IssuedSession & { readonly verificationAttempt?: string }, { context, hand }: Answering): AuthPayload {
  const { token, expiresInSeconds } = context.auth.accessTokens.issue(issued.account, issued.session, issued.customClaims);
  return {
    accessToken: token,
    tokenType: "Bearer",
    expiresIn: expiresInSeconds,
    refreshToken: hand(issued.refreshToken, issued.session.idleExpiresAt),
    verificationAttempt: issued.verificationAttempt ?? null,
    user: issued.account,
    /** Most clients do not ask for it. */
    get session() {
      return toRefreshedSession(issued.session, { now: context.clock(), currentSessionId: viewerOf(context)?.sessionId });
    },
  };
}
