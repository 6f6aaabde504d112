import { Arg, Ctx, Directive, Mutation, Resolver } from "type-graphql";
import type { RequestContext } from "../context.ts";
import { rateLimitOf } from "../policies/root-policies.ts";
import {
  RequestEmailVerificationInput,
  RequestPasswordResetInput,
  ResetPasswordInput,
  ResetPasswordPayload,
  VerifyEmailInput,
  VerifyEmailPayload,
} from "../types/mailed-proofs.ts";
import { accepted, MessageRequestPayload } from "../types/message-request-payload.ts";

/** The fields for whoever reads the mail of an address, signed in or not. */
@Resolver()
export class MailedProofsResolver {
  @Directive(rateLimitOf("Mutation.requestEmailVerification"))
  @Mutation(() => MessageRequestPayload, {
    description: "Have a message sent that proves an e-mail address. The answer is the same whether or not there is such an account.",
  })
  async requestEmailVerification(
    @Arg("input", () => RequestEmailVerificationInput) { email }: RequestEmailVerificationInput,
    @Ctx() context: RequestContext,
  ): Promise<MessageRequestPayload> {
    return { ...accepted, ...(await context.auth.mailedProofs.requestEmailVerification(email, context.client)) };
  }

  @Directive(rateLimitOf("Mutation.verifyEmail"))
  @Mutation(() => VerifyEmailPayload, {
    description: "Prove an e-mail address with the token of the message's link, or with its address and code.",
  })
  async verifyEmail(
    @Arg("input", () => VerifyEmailInput) { token, email, code, attempt }: VerifyEmailInput,
    @Ctx() context: RequestContext,
  ): Promise<VerifyEmailPayload> {
    const proof = { token: token ?? undefined, email: email ?? undefined, code: code ?? undefined, attempt: attempt ?? undefined };
    return { email: await context.auth.mailedProofs.verifyEmail(proof, context.client) };
  }

  @Directive(rateLimitOf("Mutation.requestPasswordReset"))
  @Mutation(() => MessageRequestPayload, {
    description:
      "Have a message sent with which a new password can be set. The answer is the same whether or not there is such an account.",
  })
  async requestPasswordReset(
    @Arg("input", () => RequestPasswordResetInput) { email }: RequestPasswordResetInput,
    @Ctx() context: RequestContext,
  ): Promise<MessageRequestPayload> {
    await context.auth.mailedProofs.requestPasswordReset(email, context.client);
    return accepted;
  }

  @Directive(rateLimitOf("Mutation.resetPassword"))
  @Mutation(() => ResetPasswordPayload, {
    description: "Set a new password with the token of the message's link; ends every session, and proves the address.",
  })
  async resetPassword(
    @Arg("input", () => ResetPasswordInput) input: ResetPasswordInput,
    @Ctx() context: RequestContext,
  ): Promise<ResetPasswordPayload> {
    return { endedSessions: await context.auth.mailedProofs.resetPassword(input, context.client) };
  }
}
