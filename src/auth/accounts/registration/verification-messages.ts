import type { MailContent } from "../../../outbox/mail-templates.ts";
import type { IssuedToken, OneTimeTokens } from "../../one-time/one-time-tokens.ts";
import type { AccountLinks } from "../../users/account-links.ts";
import type { Account } from "../../users/account-store.ts";
import type { EmailAddress } from "../../users/email-addresses.ts";
import type { UnitOfWork } from "../../work/unit-of-work.ts";

const VERIFICATION_SECONDS = 86_400;

export interface VerificationWish {
  /** As somebody has typed it. */
  readonly address: EmailAddress;
  /** Whose address it is, locked; undefined where it is nobody's. */
  readonly account: Account | undefined;
  /** Somebody registers again. */
  readonly isContested?: boolean;
  /** What is sent where there is nothing to verify. */
  readonly otherwise: MailContent;
}

/**
 * Has one message sent, about the verification of an address or why there is none: to known and unknown addresses by the same
 * statements. It goes to the address that the account has, never to another spelling of it. Answers the attempt of its code, for the client
 * that has asked.
 */
export type SendVerification = (unit: UnitOfWork, wish: VerificationWish) => Promise<string>;

export interface MessageParts {
  readonly oneTimeTokens: OneTimeTokens;
  readonly links: AccountLinks;
}

export function createSendVerification({ oneTimeTokens, links }: MessageParts): SendVerification {
  function contentFor({ token, code }: IssuedToken): MailContent {
    return { template: "verify_email", facts: { link: links.verifyEmail(token), code } };
  }

  return async ({ tx, send }, { address, account, isContested = false, otherwise }) => {
    const pending = account?.emailVerified === false ? account : undefined;
    const issued = await oneTimeTokens.issue(tx, {
      purpose: "VERIFY_EMAIL",
      ttlSeconds: VERIFICATION_SECONDS,
      ...(pending === undefined
        ? { subject: { emailKey: address.key } }
        : { subject: { userId: pending.id }, proves: { email: pending.email, emailKey: address.key } }),
      isContested: isContested && pending !== undefined,
    });
    const content = pending === undefined ? otherwise : contentFor(issued);
    const to = account?.email ?? address.address;
    await send({ channel: "email", to, content, userId: account?.id ?? null, expiresAt: issued.expiresAt });
    return issued.attempt;
  };
}
