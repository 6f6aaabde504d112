import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { createTransport } from "nodemailer";
import type { Deliver } from "../outbox/delivery.ts";
import type { Mail } from "../outbox/outbox-messages.ts";
import type { ComposeMail } from "./compose-mail.ts";
import { readSmtpProblem } from "./smtp-problems.ts";

export interface SmtpOptions {
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly tls: "implicit" | "required" | "none";
    readonly login: { readonly user: string; readonly password: string } | undefined;
  };
  /** The name that this server gives in EHLO: a host name, or an address as URLs have it. */
  readonly hostName: string;
  readonly from: { readonly name: string | undefined; readonly address: string };
}

/** Milliseconds. All of them together are less than one attempt may take, which ends it in any case. */
const timeouts = { dnsTimeout: 5000, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000, socketCloseTimeout: 1000 };
/** Connections to the server at a time, from one process. */
const MAXIMUM_CONNECTIONS = 5;
/** Below what servers wait for a client that says nothing (RFC 5321, section 4.5.3.2.7: 5 minutes; many wait for one). */
const IDLE_MILLISECONDS = 20_000;

export interface SmtpDelivery {
  readonly deliver: Deliver<Mail>;
  close(): void;
}

/** Hands mail to one SMTP server, over connections that are kept for a while. */
export function createSmtpDelivery(compose: ComposeMail, { server, from, hostName }: SmtpOptions): SmtpDelivery {
  const sender = { name: from.name ?? "", address: withAsciiDomain(from.address) };
  const domain = sender.address.slice(sender.address.lastIndexOf("@") + 1);
  const transport = createTransport({ pool: true, name: greetingName(hostName), ...connectionOptions(server), ...timeouts });

  return {
    async deliver({ to, content }, { id, createdAt, signal }) {
      const recipient = { name: "", address: withAsciiDomain(to) };
      const { html, ...mail } = compose(content);
      try {
        await transport.sendMail({
          ...mail,
          ...(html !== undefined && { html }),
          from: sender,
          to: recipient,
          envelope: { from: sender, to: [recipient] },
          messageId: messageIdOf(id, domain),
          date: createdAt,
          headers: automatic,
          signal,
        });
        return { kind: "sent" };
      } catch (error) {
        return readSmtpProblem(error);
      }
    },
    close: () => transport.close({ force: true }),
  };
}

/** Headers of RFC 3834, and one that Exchange heeds: they keep notes of absence away. */
const automatic = { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" };

/** RFC 5321, section 4.1.3: addresses stand in brackets. */
function greetingName(hostName: string): string {
  if (isIP(hostName) === 4) return `[${hostName}]`;
  return hostName.startsWith("[") ? `[IPv6:${hostName.slice(1)}` : hostName;
}

function connectionOptions({ host, port, tls, login }: SmtpOptions["server"]) {
  return {
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "required",
    ignoreTLS: tls === "none",
    ...(login !== undefined && { auth: { user: login.user, pass: login.password } }),
    maxConnections: MAXIMUM_CONNECTIONS,
    idleTimeout: IDLE_MILLISECONDS,
    // A kept connection that turns out to be closed is no attempt; more than that the outbox tries itself.
    maxRequeues: 1,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** RFC 5322, section 3.6.4. Of the message, not of the attempt: so that a receiver recognizes a repetition. */
function messageIdOf(id: string, domain: string): string {
  return `<${id}@${domain}>`;
}

/** Nearly every server knows only that spelling of a domain; what is before the @ is nobody's business but the recipient's server's. */
function withAsciiDomain(address: string): string {
  const at = address.lastIndexOf("@") + 1;
  return `${address.slice(0, at)}${domainToASCII(address.slice(at))}`;
}
