import type { MailContent, MailTemplate } from "../outbox/mail-templates.ts";

/** The words of one message; a file that overrides them has this name. `email_changed_for_good`: there is no link that undoes it. */
export type WordsName = MailTemplate | "email_changed_for_good";

/** The placeholders that the words of each message may have, beside `{{service}}`, the name of the service that sends it. */
export const placeholders = {
  verify_email: ["link", "code"],
  already_registered: ["link"],
  already_verified: [],
  no_account: [],
  reset_password: ["link"],
  confirm_email_change: ["link", "code"],
  address_in_use: [],
  email_changed: ["newEmail", "link", "undoUntil"],
  email_changed_for_good: ["newEmail"],
  email_change_undone: ["link"],
  password_changed: ["at"],
  new_device: ["at", "device", "ipAddress"],
  token_reused: ["at", "device", "ipAddress"],
  account_deletion: ["erasureAt"],
  account_restored: [],
} as const satisfies Readonly<Record<WordsName, readonly string[]>>;

export const wordsNames = Object.keys(placeholders) as readonly WordsName[];

export function wordsOf(content: MailContent): WordsName {
  return content.template === "email_changed" && content.facts.link === undefined ? "email_changed_for_good" : content.template;
}

/** The words of one message, with `{{name}}` in the place of each fact. */
export interface MailWords {
  readonly subject: string;
  readonly text: string;
  /** The HTML; undefined where the message is text alone. */
  readonly html: string | undefined;
}
