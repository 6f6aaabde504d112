import type { ClientInfo } from "../../../core/client-info.ts";
import { noMail } from "../../../core/errors.ts";
import { badInput } from "../../../core/input-problems.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import { type EmailAddress, readEmailAddress } from "../../users/email-addresses.ts";
import type { Transact } from "../../work/unit-of-work.ts";
import type { SendReset } from "../password/reset-messages.ts";
import { lockAccountOfAddress } from "./proof-store.ts";
import type { SendVerification } from "./verification-messages.ts";

/** What goes with a code that was sent: from the client that has asked. */
export interface RequestedCode {
  readonly attempt: string;
}

/**
 * Has a message sent to an address. What is answered, done and sent is the same in number and shape whether or not the address has an
 * account. Throws BAD_USER_INPUT, or SERVICE_UNAVAILABLE where no mail can be sent.
 */
export type RequestMessage = (email: string, client: ClientInfo) => Promise<void>;

export interface MessageRequests {
  /** With the link and the code that prove the address. */
  readonly requestEmailVerification: (email: string, client: ClientInfo) => Promise<RequestedCode>;
  /** With the link under which a new password can be set. A disabled user gets it, too, and stays disabled. */
  readonly requestPasswordReset: RequestMessage;
}

export interface MessageRequestParts {
  readonly transact: Transact;
  readonly sendVerification: SendVerification;
  readonly sendReset: SendReset;
}

export function createMessageRequests(
  { transact, sendVerification, sendReset }: MessageRequestParts,
  { canMail }: Pick<AccountOptions, "canMail">,
): MessageRequests {
  function read(email: string): EmailAddress {
    const address = readEmailAddress(email);
    if (address.email === undefined) throw badInput({ email: address.problem });
    if (!canMail) throw noMail();
    return address.email;
  }

  return {
    async requestEmailVerification(email, client) {
      const address = read(email);
      return transact(client, async (unit) => {
        const account = await lockAccountOfAddress(unit.tx, address.key);
        const template = account === undefined ? "no_account" : "already_verified";
        const attempt = await sendVerification(unit, { address, account, otherwise: { template, facts: {} } });
        await unit.record({ type: "EMAIL_VERIFICATION_REQUESTED", userId: account?.id ?? null });
        return { attempt };
      });
    },
    async requestPasswordReset(email, client) {
      const address = read(email);
      await transact(client, async (unit) => {
        const account = await lockAccountOfAddress(unit.tx, address.key);
        await sendReset(unit, address, account);
        await unit.record({ type: "PASSWORD_RESET_REQUESTED", userId: account?.id ?? null });
      });
    },
  };
}
