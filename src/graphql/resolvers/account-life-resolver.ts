import { Arg, Ctx, Directive, Mutation, Resolver } from "type-graphql";
import { getViewer, type RequestContext } from "../context.ts";
import { rateLimitOf } from "../policies/root-policies.ts";
import {
  ConfirmEmailChangeInput,
  ConfirmEmailChangePayload,
  DeleteAccountInput,
  DeleteAccountPayload,
  RequestEmailChangeInput,
  UndoEmailChangeInput,
  UndoEmailChangePayload,
} from "../types/account-life.ts";
import { accepted, MessageRequestPayload } from "../types/message-request-payload.ts";

/** How an account changes its address, is given back, and ends. */
@Resolver()
export class AccountLifeResolver {
  @Directive("@authenticated")
  @Directive(rateLimitOf("Mutation.requestEmailChange"))
  @Mutation(() => MessageRequestPayload, {
    nullable: true,
    description:
      "Ask for another e-mail address: nothing changes before it is confirmed from there. Takes the password, or a " +
      "sign-in at most 5 minutes ago.",
  })
  async requestEmailChange(
    @Arg("input", () => RequestEmailChangeInput) { newEmail, password }: RequestEmailChangeInput,
    @Ctx() context: RequestContext,
  ): Promise<MessageRequestPayload> {
    const change = { newEmail, password: password ?? undefined };
    await context.auth.accountLife.requestEmailChange(change, getViewer(context), context.client);
    return accepted;
  }

  @Directive(rateLimitOf("Mutation.confirmEmailChange"))
  @Mutation(() => ConfirmEmailChangePayload, {
    description:
      "Confirm the new address with the token of the message's link or, signed in, with its code. Access tokens issued " +
      "before are refused: sessions go on with a refresh.",
  })
  async confirmEmailChange(
    @Arg("input", () => ConfirmEmailChangeInput) { token, code }: ConfirmEmailChangeInput,
    @Ctx() context: RequestContext,
  ): Promise<ConfirmEmailChangePayload> {
    const proof = { token: token ?? undefined, code: code ?? undefined };
    return context.auth.accountLife.confirmEmailChange(proof, () => getViewer(context), context.client);
  }

  @Directive(rateLimitOf("Mutation.undoEmailChange"))
  @Mutation(() => UndoEmailChangePayload, {
    description: "Go back to the old address, with the token that was sent to it: ends every session, and the password has to be set anew.",
  })
  async undoEmailChange(
    @Arg("input", () => UndoEmailChangeInput) { token }: UndoEmailChangeInput,
    @Ctx() context: RequestContext,
  ): Promise<UndoEmailChangePayload> {
    const { account, endedSessions } = await context.auth.accountLife.undoEmailChange(token, context.client);
    return { email: account.email, endedSessions };
  }

  @Directive("@authenticated")
  @Directive(rateLimitOf("Mutation.deleteAccount"))
  @Mutation(() => DeleteAccountPayload, {
    nullable: true,
    description:
      "Ends every session, and has the account erased after a time in which signing in takes that back. Takes the " +
      "password, or a sign-in at most 5 minutes ago.",
  })
  deleteAccount(
    @Arg("input", () => DeleteAccountInput, { nullable: true }) input: DeleteAccountInput | null,
    @Ctx() context: RequestContext,
  ): Promise<DeleteAccountPayload> {
    return context.auth.accountLife.deleteAccount(input?.password ?? undefined, getViewer(context), context.client);
  }
}
