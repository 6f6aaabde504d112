import type { Notice } from "../../outbox/mail-templates.ts";
import type { AccountLinks } from "./account-links.ts";

export interface AccountOptions {
  /** `required`: nobody signs in before they have proven their address, nor learns who has an account. */
  readonly emailVerification: "off" | "optional" | "required";
  /** False in production without SMTP_URL: what needs mail is SERVICE_UNAVAILABLE then, and what only informs is left out. */
  readonly canMail: boolean;
  readonly links: AccountLinks;
  /** Messages that only inform, less those that the operator turned off. */
  readonly notices: ReadonlySet<Notice>;
  readonly deletionGraceSeconds: number;
  /** How the service is called, for people and by its host: no new password is made of that. */
  readonly serviceNames: readonly string[];
}
