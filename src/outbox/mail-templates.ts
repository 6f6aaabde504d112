/** The facts of each message as texts: links whole, instants in RFC 3339. Templates hold the words around them. */
export interface MailFacts {
  /** Proves the address of a new account. */
  readonly verify_email: { readonly link: string; readonly code: string };
  /** Somebody registers with the address of an account that has been verified. */
  readonly already_registered: { readonly link: string };
  /** Somebody asks for a verification of an address that has been verified. */
  readonly already_verified: Record<never, never>;
  /** Somebody asks for a verification, or for a new password, with an address that nobody has registered. */
  readonly no_account: Record<never, never>;
  readonly reset_password: { readonly link: string };
  /** Goes to the new address. */
  readonly confirm_email_change: { readonly link: string; readonly code: string };
  /** Goes to the new address, where it is another account's. */
  readonly address_in_use: Record<never, never>;
  /** Goes to the old address. The link undoes the change until then; absent where there is no going back. */
  readonly email_changed: { readonly newEmail: string; readonly link?: string; readonly undoUntil?: string };
  /** Goes to the address that has been restored; the link sets a new password. */
  readonly email_change_undone: { readonly link: string };
  readonly password_changed: { readonly at: string };
  readonly new_device: { readonly at: string; readonly userAgent: string; readonly ipAddress: string };
  /** An old refresh token was used again, so its session has been ended. */
  readonly token_reused: { readonly at: string; readonly userAgent: string; readonly ipAddress: string };
  /** The account is erased then, unless its user signs in before. */
  readonly account_deletion: { readonly erasureAt: string };
  readonly account_restored: Record<never, never>;
}

export type MailTemplate = keyof MailFacts;

/** Which of the words, and what they tell. */
export type MailContent = {
  readonly [Template in MailTemplate]: { readonly template: Template; readonly facts: MailFacts[Template] };
}[MailTemplate];

/** The messages that only inform. The operator can turn each off. */
export const notices = ["new_device", "password_changed", "email_changed", "token_reused"] as const satisfies readonly MailTemplate[];
export type Notice = (typeof notices)[number];

/** All that only inform: nobody waits for them. */
const informingTemplates = [...notices, "account_deletion", "account_restored"] as const satisfies readonly MailTemplate[];
export type InformingTemplate = (typeof informingTemplates)[number];

export function isInforming(template: MailTemplate): template is InformingTemplate {
  return informingTemplates.some((informing) => informing === template);
}
