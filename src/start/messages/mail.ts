import type { Logger } from "pino";
import type { Config } from "../../config/config.ts";
import { type ComposeMail, createMailComposer } from "../../mail/compose-mail.ts";
import { createMailKeeper } from "../../mail/keep-mail.ts";
import type { Deliver } from "../../outbox/delivery.ts";
import type { Mail } from "../../outbox/outbox-messages.ts";
import { readMailWords } from "../files/mail-words.ts";

/** How mail is sent, or kept. */
export interface OpenMail {
  /** Undefined: in production without SMTP_URL, where no mail is written. */
  readonly deliver: Deliver<Mail> | undefined;
  /** In development without SMTP_URL: what the kept messages say. */
  readonly composeKept: ComposeMail | undefined;
  close(): void;
}

/** Throws a StartupError where the operator's templates are wrong, whether or not they would be used. */
export async function openMail(config: Config, logger: Logger): Promise<OpenMail> {
  const { smtp, from, templatesDirectory } = config.mail;
  const compose = createMailComposer(readMailWords(templatesDirectory), { service: config.service.name });
  if (smtp !== undefined) {
    // Loaded where there is something to send with, and nowhere else.
    const { createSmtpDelivery } = await import("../../mail/smtp-delivery.ts");
    const { deliver, close } = createSmtpDelivery(compose, { server: smtp, from, hostName: new URL(config.http.publicUrl).hostname });
    return { deliver, composeKept: undefined, close };
  }
  const close = () => undefined;
  if (config.environment === "production") return { deliver: undefined, composeKept: undefined, close };
  const deliver = createMailKeeper(compose, (mail) => logger.info({ mail }, "a message is kept, because there is no SMTP_URL"));
  return { deliver, composeKept: compose, close };
}
