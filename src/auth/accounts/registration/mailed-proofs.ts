import type { AccountOptions } from "../../users/account-options.ts";
import { createSendReset } from "../password/reset-messages.ts";
import { createResetPassword, type ResetPassword, type ResetPasswordParts } from "../password/reset-password.ts";
import { createMessageRequests, type MessageRequests } from "./message-requests.ts";
import type { SendVerification } from "./verification-messages.ts";
import { createVerifyEmail, type VerifyEmail } from "./verify-email.ts";

/** What whoever reads the mail of an address can do without signing in. */
export interface MailedProofs extends MessageRequests {
  readonly verifyEmail: VerifyEmail;
  readonly resetPassword: ResetPassword;
  /** Whether a code that comes with this attempt would be judged, and so is a guess at the code of that address. */
  isTry(code: { readonly emailKey: string; readonly attempt: string }): Promise<boolean>;
}

export interface MailedProofParts extends ResetPasswordParts {
  readonly sendVerification: SendVerification;
}

export function createMailedProofs(parts: MailedProofParts, options: AccountOptions): MailedProofs {
  const sendReset = createSendReset({ ...parts, links: options.links });
  return {
    ...createMessageRequests({ ...parts, sendReset }, options),
    verifyEmail: createVerifyEmail({ ...parts, sendReset }),
    resetPassword: createResetPassword(parts),
    isTry: (code) => parts.oneTimeTokens.isTry(parts.database, code),
  };
}
