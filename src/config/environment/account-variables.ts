import { duration, mailbox, oneOf, serviceName, smtpUrl, webUrl } from "./variable-values.ts";

/** A part of `variables`. */
export const accountVariables = {
  SERVICE_NAME: {
    description: "How your service is called: in messages, on the account pages, and in no new password.",
    defaultNote: "the name in MAIL_FROM, or the host of PUBLIC_URL",
    example: "Acme",
    value: serviceName,
  },
  APP_URL: {
    description: "Where the account pages lead when they are done: your application.",
    defaultNote: "none: they say to go back to it",
    example: "https://app.example.com",
    value: webUrl,
  },
  SMTP_URL: {
    description: "The server that mail is sent through; user name and password percent-encoded.",
    defaultNote: "none: in development messages are kept and shown at /outbox, in production none are sent",
    example: "smtps://gateway:password@smtp.example.com:465",
    value: smtpUrl,
  },
  MAIL_FROM: {
    description: "Whom mail is from: an address, or Name <address>.",
    defaultNote: "`mail.from` of gateway.yaml, or no-reply@ the host of PUBLIC_URL",
    example: "Acme <no-reply@example.com>",
    value: mailbox,
  },
  EMAIL_VERIFICATION: {
    description:
      "off: nothing is sent at registration; optional: a message is; required: nobody signs in before their address is verified.",
    default: "optional",
    example: "required",
    value: oneOf(["off", "optional", "required"]),
  },
  ACCOUNT_DELETION_GRACE: {
    description: "How long a deleted account can be had back by signing in, before it is erased.",
    default: "14d",
    example: "14d",
    value: duration({ min: "0s", max: "90d" }),
  },
} as const;
