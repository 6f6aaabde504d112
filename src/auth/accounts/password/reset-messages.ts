import { sha256 } from "../../../core/sha256.ts";
import type { MailContent } from "../../../outbox/mail-templates.ts";
import type { EmailAddress } from "../../users/email-addresses.ts";
import type { UnitOfWork } from "../../work/unit-of-work.ts";
import type { AddressedAccount } from "../registration/proof-store.ts";
import type { MessageParts } from "../registration/verification-messages.ts";

/** How long a link that sets a new password is good. */
export const RESET_SECONDS = 3600;

/** Has one message sent, to known and unknown addresses by the same statements; `account` is the one that has the address, locked. */
export type SendReset = (unit: UnitOfWork, address: EmailAddress, account: AddressedAccount | undefined) => Promise<void>;

export function createSendReset({ oneTimeTokens, links }: MessageParts): SendReset {
  return async ({ tx, send }, address, account) => {
    const issued = await oneTimeTokens.issue(tx, {
      purpose: "RESET_PASSWORD",
      ttlSeconds: RESET_SECONDS,
      ...(account === undefined
        ? { subject: { emailKey: address.key } }
        : {
            subject: { userId: account.id },
            proves: { email: account.email, emailKey: account.emailKey },
            boundTo: bindingOf(account.passwordHash),
          }),
    });
    const content: MailContent =
      account === undefined
        ? { template: "no_account", facts: {} }
        : { template: "reset_password", facts: { link: links.resetPassword(issued.token) } };
    const to = account?.email ?? address.address;
    await send({ channel: "email", to, content, userId: account?.id ?? null, expiresAt: issued.expiresAt });
  };
}

/** What ties a reset to the password that it replaces: once that is another one, the reset is void. */
export function bindingOf(passwordHash: string): Buffer {
  return sha256(passwordHash);
}
