import type { Row } from "postgres";
import type { MailFacts, MailTemplate } from "../../../src/outbox/mail-templates.ts";
import { createPayloads } from "../../../src/outbox/outbox.ts";
import type { Mail } from "../../../src/outbox/outbox-messages.ts";
import type { TestDatabase } from "../database.ts";
import { TEST_SECRET, type TestGateway } from "../gateway.ts";

/** A mail as it was written to the outbox, whatever has become of it. */
export interface OutboxMail extends Mail {
  readonly id: string;
  readonly userId: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Serious enough for a gateway in production. */
export const PRODUCTION_SECRET = "Vq3zL8wYc1RmXt6KpD0hUe9sBn4JgFa7";

type Owner = Pick<TestGateway, "database">;

/** Every mail that is kept, oldest first. */
export async function allMessages({ database }: Owner): Promise<OutboxMail[]> {
  const opened = openedBefore.get(database) ?? new Map<string, OutboxMail>();
  openedBefore.set(database, opened);
  const kept = await database.sql`select id from outbox where channel = 'email' and encrypted_payload is not null order by id`;
  const unopened = kept.map(({ id }) => id).filter((id) => !opened.has(id));
  // Meanwhile one may have been sent, or given up.
  const rows =
    unopened.length === 0
      ? []
      : await database.sql`select * from outbox where id in ${database.sql(unopened)} and encrypted_payload is not null`;
  for (const row of rows) opened.set(row.id, open(row));
  return kept.flatMap(({ id }) => opened.get(id) ?? []);
}

/** What has been read of a database: no row of the outbox ever says anything else. */
const openedBefore = new WeakMap<TestDatabase, Map<string, OutboxMail>>();
const payloads = createPayloads([TEST_SECRET, PRODUCTION_SECRET]);

function open(row: Row): OutboxMail {
  const message = payloads.open(row.encrypted_payload, row.id);
  if (message?.channel !== "email") throw new Error("a row of the outbox cannot be opened");
  return { ...message, id: row.id, userId: row.user_id, createdAt: row.created_at, expiresAt: row.expires_at };
}

/** To one address, in any letter case of it; oldest first. */
export async function messagesTo(gateway: Owner, address: string): Promise<OutboxMail[]> {
  const all = await allMessages(gateway);
  return all.filter(({ to }) => to.toLowerCase() === address.toLowerCase());
}

/** What the last mail of a kind tells; throws where there is none. */
export async function lastFacts<Template extends MailTemplate>(
  gateway: Owner,
  address: string,
  template: Template,
): Promise<MailFacts[Template]> {
  const contents = (await messagesTo(gateway, address)).map(({ content }) => content);
  const last = contents.findLast((content) => content.template === template);
  if (last === undefined) throw new Error(`no ${template} among [${contents.map((content) => content.template).join(", ")}]`);
  return last.facts as MailFacts[Template];
}

/** The token that a link of our own pages carries in its fragment. */
export function tokenOf({ link }: { readonly link?: string }): string {
  const token = new URLSearchParams(new URL(link ?? "").hash.slice(1)).get("token");
  if (token === null) throw new Error("the link has no token");
  return token;
}
