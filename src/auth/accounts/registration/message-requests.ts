import { noMail } from "../../../core/errors.ts";
import { badInput } from "../../../core/input-problems.ts";
import type { Origin } from "../../../core/origin.ts";
import type { Audit } from "../../audit/audit.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import { type EmailAddress, readEmailAddress } from "../../users/email-addresses.ts";
import { createSendReset } from "../password/reset-messages.ts";
import { lockAccountOfAddress } from "./proof-store.ts";
import { createSendVerification, type MessageParts } from "./verification-messages.ts";

/** What goes with a code that was sent: from the client that has asked. */
export interface RequestedCode {
  readonly attempt: string;
}

/**
 * Has a message sent to an address. What is answered, done and sent is the same in number and shape whether or not the address has an account.
 * Throws BAD_USER_INPUT, or SERVICE_UNAVAILABLE where no mail can be sent.
 */
export type RequestMessage = (email: string, origin: Origin) => Promise<void>;

export interface MessageRequests {
  /** With the link and the code that prove the address. */
  readonly requestEmailVerification: (email: string, origin: Origin) => Promise<RequestedCode>;
  /** With the link under which a new password can be set. A disabled user gets it, too, and stays disabled. */
  readonly requestPasswordReset: RequestMessage;
}

export function createMessageRequests(
  parts: Omit<MessageParts, "links"> & { audit: Audit },
  { canMail, links }: AccountOptions,
): MessageRequests {
  const { audit } = parts;
  const sendVerification = createSendVerification({ ...parts, links });
  const sendReset = createSendReset({ ...parts, links });

  function read(email: string): EmailAddress {
    const address = readEmailAddress(email);
    if (address.email === undefined) throw badInput({ email: address.problem });
    if (!canMail) throw noMail();
    return address.email;
  }

  return {
    async requestEmailVerification(email, origin) {
      const address = read(email);
      return audit.transaction(origin, async (tx, record) => {
        const account = await lockAccountOfAddress(tx, address.key);
        const template = account === undefined ? "no_account" : "already_verified";
        const attempt = await sendVerification(tx, { address, account, otherwise: { template, facts: {} } });
        await record({ type: "EMAIL_VERIFICATION_REQUESTED", userId: account?.id ?? null });
        return { attempt };
      });
    },
    async requestPasswordReset(email, origin) {
      const address = read(email);
      await audit.transaction(origin, async (tx, record) => {
        const account = await lockAccountOfAddress(tx, address.key);
        await sendReset(tx, address, account);
        await record({ type: "PASSWORD_RESET_REQUESTED", userId: account?.id ?? null });
      });
    },
  };
}
