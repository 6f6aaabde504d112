import { addSeconds, type Clock } from "../clock.ts";
import type { Origin } from "../origin.ts";
import type { MailContent, Notice } from "../outbox/mail-templates.ts";
import type { NewMessage } from "../outbox/outbox-messages.ts";
import type { AccountOptions } from "./account-options.ts";
import type { Account } from "./account-store.ts";

export type NoticeContent = Extract<MailContent, { template: Notice }>;

/** Mail that only informs the owner of an account. */
export interface Notices {
  isSent(notice: Notice): boolean;
  /** For the outbox: one, or none where the operator turned it off or no mail can be sent. */
  to(account: Pick<Account, "id" | "email">, content: NoticeContent): readonly NewMessage[];
}

/** Where something was done, for people. */
export function describePlace({ userAgent, ipAddress }: Origin): { userAgent: string; ipAddress: string } {
  return { userAgent: userAgent || "unknown", ipAddress: ipAddress ?? "unknown" };
}

/** News of yesterday's change would only frighten. */
const WORTH_SENDING_SECONDS = 86_400;

export function createNotices({ clock }: { clock: Clock }, { notices, canMail }: Pick<AccountOptions, "notices" | "canMail">): Notices {
  const isSent = (notice: Notice) => canMail && notices.has(notice);
  return {
    isSent,
    to({ id, email }, content) {
      if (!isSent(content.template)) return [];
      return [{ channel: "email", to: email, content, userId: id, expiresAt: addSeconds(clock(), WORTH_SENDING_SECONDS) }];
    },
  };
}
