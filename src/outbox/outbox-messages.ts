import { isInforming, type MailContent } from "./mail-templates.ts";

/** A mail as a template and its facts, before it is put into words. */
export interface Mail {
  readonly channel: "email";
  /** An address as typed. */
  readonly to: string;
  readonly content: MailContent;
}

/** News for another server. */
export interface WebhookCall {
  readonly channel: "webhook";
  /** The receiver: one of the configured URLs. */
  readonly url: string;
  /** The type of the event, such as `user.registered`. */
  readonly type: string;
  /** JSON: exactly these bytes are signed and sent, at each attempt. */
  readonly body: string;
}

export type Message = Mail | WebhookCall;

/** A message that is to be written to the outbox. */
export type NewMessage = Message & {
  /** The user whom the message is about. */
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
