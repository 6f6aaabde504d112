import type { Deliver } from "../outbox/delivery.ts";
import type { Mail } from "../outbox/outbox-messages.ts";
import type { ComposeMail } from "./compose-mail.ts";

export interface KeptMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Shows and keeps messages, links and codes included. For development, where there is no mail server. */
export function createMailKeeper(compose: ComposeMail, show: (mail: KeptMail) => void): Deliver<Mail> {
  return async ({ to, content }) => {
    const { subject, text } = compose(content);
    show({ to, subject, text });
    return { kind: "kept" };
  };
}
