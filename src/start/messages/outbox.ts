import type { Logger } from "pino";
import { auditEventTable } from "../../auth/audit/audit-event-table.ts";
import type { AuditEvent } from "../../auth/audit/audit-events.ts";
import type { Config } from "../../config/config.ts";
import type { Clock } from "../../core/clock.ts";
import type { Database } from "../../database/database.ts";
import type { OutboxPage } from "../../http/pages/outbox-page.ts";
import type { ComposeMail } from "../../mail/compose-mail.ts";
import { type Courier, startCourier } from "../../outbox/courier.ts";
import type { Deliver, Deliverers } from "../../outbox/delivery.ts";
import type { CourierParts } from "../../outbox/handle-message.ts";
import { createPayloads } from "../../outbox/outbox.ts";
import { countPending, listKept } from "../../outbox/outbox-queue-store.ts";
import type { WorkLog } from "../upkeep/failure-log.ts";
import { createOutages, type OutageParts } from "../upkeep/outage-log.ts";
import { openMail } from "./mail.ts";
import { openWebhooks } from "./webhooks.ts";

/** Counted no further: so counting costs the same, however many there are. */
const MOST_PENDING = 10_000;
const SHOWN_MESSAGES = 100;

export interface OutboxParts {
  readonly database: Database;
  readonly secrets: readonly [string, ...string[]];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly workLog: WorkLog;
  readonly outages: OutageParts;
  /** For the meters. */
  readonly onOutcome: CourierParts["onOutcome"];
}

/** Sends what the outbox holds, on every channel that there is a way for. */
export interface RunningOutbox {
  start(): void;
  /** Takes every event after its commit: it may have written a message. */
  heed(event: Pick<AuditEvent, "type">): void;
  /** Counts what waits; `pending` remembers it. */
  countPending(): Promise<void>;
  pending(): number;
  /** In development without SMTP_URL. */
  readonly page: OutboxPage | undefined;
  stop(hurry?: AbortSignal): Promise<void>;
}

/** Not yet sending. Throws a StartupError where the operator's templates are wrong, or the secret of a webhook. */
export async function openOutbox(config: Config, parts: OutboxParts): Promise<RunningOutbox> {
  const { database, secrets, logger } = parts;
  const mail = await openMail(config, logger);
  const webhooks = config.webhooks.length === 0 ? undefined : await openWebhooks(config, parts.clock);
  const deliverers: Deliverers = { ...(mail.deliver && { email: mail.deliver }), ...(webhooks && { webhook: webhooks.deliver }) };
  const courierParts = {
    ...parts,
    payloads: createPayloads(secrets),
    deliver: logOutages(routeTo(deliverers), parts.outages),
    chance: Math.random,
    onOutcome: logOutcome(logger, parts.onOutcome),
    onFailure: logFailures(parts.workLog),
  };
  let couriers: readonly Courier[] = [];
  let pending = 0;

  return {
    start() {
      couriers = channels.filter((channel) => deliverers[channel] !== undefined).map((channel) => startCourier(channel, courierParts));
    },
    heed({ type }) {
      if (!auditEventTable[type].isQuiet) for (const courier of couriers) courier.wake();
    },
    async countPending() {
      pending = await countPending(database, MOST_PENDING);
    },
    pending: () => pending,
    page: mail.composeKept && createOutboxPage(parts, mail.composeKept),
    async stop(hurry) {
      await Promise.all(couriers.map((courier) => courier.stop(hurry)));
      mail.close();
      await webhooks?.close();
    },
  };
}

const channels = ["email", "webhook"] as const;

function routeTo({ email, webhook }: Deliverers): Deliver {
  return async (message, context) => {
    const delivery = message.channel === "email" ? email?.(message, context) : webhook?.(message, context);
    return (await delivery) ?? { kind: "later", problem: "nothing is configured to send it" };
  };
}

/** What `/outbox` shows. */
function createOutboxPage({ database, secrets }: Pick<OutboxParts, "database" | "secrets">, compose: ComposeMail): OutboxPage {
  const payloads = createPayloads(secrets);
  return {
    async list() {
      const rows = await listKept(database, SHOWN_MESSAGES);
      return rows.flatMap(({ id, encryptedPayload, createdAt }) => {
        const message = encryptedPayload === null ? undefined : payloads.open(encryptedPayload, id);
        return message?.channel === "email" ? [{ to: message.to, at: createdAt, ...compose(message.content) }] : [];
      });
    },
  };
}

function logOutcome(logger: Logger, onOutcome: CourierParts["onOutcome"]): CourierParts["onOutcome"] {
  return (outcome, message) => {
    onOutcome(outcome, message);
    if (outcome === "dead") logger.warn({ message }, "a message was given up");
    if (outcome === "retried") logger.debug({ message }, "a message could not be sent, and will be tried again");
  };
}

/** A mail server, or a receiver of webhooks, that is away or takes nothing now: logged as an outage, not for each message. */
function logOutages(deliver: Deliver, outages: OutageParts): Deliver {
  const words = { away: "messages cannot be sent, and will be tried again", back: "messages can be sent again" };
  const outageOf = createOutages("to", words, { ...outages, describe: (problem) => ({ problem }) });
  return async (message, context) => {
    const delivery = await deliver(message, context);
    // Of a URL's path and query others need not know.
    const to = message.channel === "email" ? "the mail server" : new URL(message.url).origin;
    if (delivery.kind === "later") outageOf(to).failed(delivery.problem);
    else if (delivery.kind === "sent") outageOf(to).worked();
    return delivery;
  };
}

function logFailures(log: WorkLog): CourierParts["onFailure"] {
  return (error, row) => log.failed("courier", error, row && { message: { id: row.id, channel: row.channel, topic: row.topic } });
}
