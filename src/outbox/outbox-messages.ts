import { isInforming, type MailContent } from "./mail-templates.ts";

/** Somebody's mail, before it is in anybody's words. */
export interface Mail {
  readonly channel: "email";
  /** An address as typed. */
  readonly to: string;
  readonly content: MailContent;
}

/** News for another server. */
export interface WebhookCall {
  readonly channel: "webhook";
  /** Where it goes: one of the configured URLs. */
  readonly url: string;
  /** Such as `user.registered`. */
  readonly type: string;
  /** JSON: exactly these bytes are signed and sent, at each attempt. */
  readonly body: string;
}

export type Message = Mail | WebhookCall;

/** What is to be written to the outbox. */
export type NewMessage = Message & {
  /** Whom it is about. */
  readonly userId: string | null;
  /** After that it is not worth sending. */
  readonly expiresAt: Date;
};

export function topicOf(message: Message): string {
  return message.channel === "email" ? message.content.template : message.type;
}

/** Whether somebody sits before a screen until it comes. */
export function isAwaited(message: Message): boolean {
  return message.channel === "webhook" || !isInforming(message.content.template);
}
