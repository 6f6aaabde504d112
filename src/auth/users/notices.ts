import type { ClientInfo } from "../../core/client-info.ts";
import { addSeconds, type Clock } from "../../core/clock.ts";
import type { Transaction } from "../../database/database.ts";
import type { InformingTemplate, MailContent, Notice } from "../../outbox/mail-templates.ts";
import { notices as optionalNotices } from "../../outbox/mail-templates.ts";
import { insertNotice } from "../../outbox/notice-store.ts";
import type { Outbox } from "../../outbox/outbox.ts";
import type { OutboxRow } from "../../outbox/outbox-store.ts";
import type { AccountOptions } from "./account-options.ts";
import type { Account } from "./account-store.ts";

export type NoticeContent = Extract<MailContent, { template: InformingTemplate }>;

/** Whom a notice is for: the account as it was when the address was its own. */
export type Informed = Pick<Account, "id" | "email" | "emailVerified">;

/**
 * Mail that only informs the owner of an account. An address that nobody has proven may be a stranger's, who has nothing to do with the
 * account, so none goes there. Of each kind at most five an hour reach one user.
 */
export interface Notices {
  /** False where the operator turned it off, or no mail can be sent. */
  isSent(template: InformingTemplate): boolean;
  /** For a statement that counts and writes it itself; undefined where it is not to be sent. */
  compose(account: Informed, content: NoticeContent): OutboxRow | undefined;
  /** Counts it, and writes it unless there have been too many. Not worth sending after a day, unless something else is said. */
  tell(tx: Transaction, account: Informed, content: NoticeContent, expiresAt?: Date): Promise<void>;
}

/** Where something was done, for people. */
export function describePlace({ userAgent, ipAddress }: ClientInfo): { userAgent: string; ipAddress: string } {
  return { userAgent: userAgent || "unknown", ipAddress: ipAddress ?? "unknown" };
}

/** News of yesterday's change would only frighten. */
const WORTH_SENDING_SECONDS = 86_400;

export function createNotices(
  { clock, outbox }: { clock: Clock; outbox: Pick<Outbox, "compose"> },
  { notices, canMail }: Pick<AccountOptions, "notices" | "canMail">,
): Notices {
  const isSent = (template: InformingTemplate) => canMail && (!isOptional(template) || notices.has(template));

  function compose({ id, email, emailVerified }: Informed, content: NoticeContent, expiresAt?: Date): OutboxRow | undefined {
    if (!emailVerified || !isSent(content.template)) return undefined;
    const worthUntil = expiresAt ?? addSeconds(clock(), WORTH_SENDING_SECONDS);
    return outbox.compose([{ channel: "email", to: email, content, userId: id, expiresAt: worthUntil }])[0];
  }

  return {
    isSent,
    compose,
    async tell(tx, account, content, expiresAt) {
      const notice = compose(account, content, expiresAt);
      if (notice !== undefined) await insertNotice(tx, account.id, notice);
    },
  };
}

function isOptional(template: InformingTemplate): template is Notice {
  return optionalNotices.some((notice) => notice === template);
}
