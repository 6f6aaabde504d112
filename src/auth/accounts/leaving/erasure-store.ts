import { type SQL, sql } from "drizzle-orm";
import type { Database, Transaction } from "../../../database/database.ts";
import { isKnownAuditEventType } from "../../../database/tables/audit-event-types.ts";
import { auditEvents } from "../../../database/tables/audit-events.ts";
import { knownDevices } from "../../../database/tables/known-devices.ts";
import { oneTimeTokens } from "../../../database/tables/one-time-tokens.ts";
import { outbox } from "../../../database/tables/outbox.ts";
import { recentNotices } from "../../../database/tables/recent-notices.ts";
import { sessions } from "../../../database/tables/sessions.ts";
import { users } from "../../../database/tables/users.ts";

/*
 * A user whose erasure has begun: the row has nothing left of them but its id, and says by what their audit entries are to go on. It goes
 * last, so that whoever finds it after a process died knows what is left to do, and under which name.
 */

export interface BegunErasure {
  readonly userId: string;
  readonly pseudonyms: Pseudonyms;
  readonly begunAt: Date;
}

/** What stands in the audit entries afterwards. Both are kept in the row alone: once it has gone, nobody can tell whose they were. */
export interface Pseudonyms {
  readonly ofUser: string;
  /** 32 bytes in hexadecimal: those of sessions are hashes of it and the session's id. */
  readonly sessionSecret: string;
}

/** A space is in no address, and no password fits what begins with an exclamation mark. */
const KEY_PREFIX = "erased ";
const isBegun = sql`email_key like ${`${KEY_PREFIX}%`}`;

/**
 * Takes what is known of one user, whose time has come, out of the row, and with it all that hangs on their address: nobody can sign in,
 * and the address is free. Undefined where there is none, or only such as somebody signs in to at this moment.
 */
export async function beginErasure(tx: Transaction, { ofUser, sessionSecret }: Pseudonyms, now: Date): Promise<string | undefined> {
  const rows = await tx.execute<{ id: string }>(sql`
    update ${users}
    set email = 'erased', email_key = ${KEY_PREFIX}::text || id, email_verified = false, password_hash = ${`!${ofUser} ${sessionSecret}`},
      roles = '{}', status = 'DISABLED', created_at = ${now.toISOString()}, last_login_at = null, erasure_at = ${now.toISOString()}
    where id = (
      select id from ${users} where erasure_at <= ${now.toISOString()} and not ${isBegun}
        order by erasure_at limit 1 for update skip locked)
    returning id`);
  const [row] = rows;
  if (row === undefined) return undefined;
  await tx.execute(sql`delete from ${oneTimeTokens} where user_id = ${row.id}`);
  await tx.execute(sql`delete from ${knownDevices} where user_id = ${row.id}`);
  await tx.execute(sql`delete from ${recentNotices} where user_id = ${row.id}`);
  await tx.execute(sql`delete from ${outbox} where user_id = ${row.id}`);
  return row.id;
}

/** The oldest ones, at most `limit`. */
export async function findBegunErasures(database: Database, now: Date, limit: number): Promise<BegunErasure[]> {
  const rows = await database.execute<{ id: string; password_hash: string; erasure_at: string }>(sql`
    select id, password_hash, erasure_at from ${users}
    where erasure_at <= ${now.toISOString()} and ${isBegun} order by erasure_at limit ${limit}`);
  return rows.map(({ id, password_hash, erasure_at }) => {
    const [ofUser = "", sessionSecret = ""] = password_hash.slice(1).split(" ");
    return { userId: id, pseudonyms: { ofUser, sessionSecret }, begunAt: new Date(erasure_at) };
  });
}

/** False where another process is at it, or has finished it. */
export async function lockErasure(tx: Transaction, userId: string): Promise<boolean> {
  const rows = await tx.execute(sql`select 1 from ${users} where id = ${userId} and ${isBegun} for update skip locked`);
  return rows.length > 0;
}

/** With whatever still hangs on it, and with messages about what has been done to it since. */
export async function deleteErasedUser(tx: Transaction, userId: string): Promise<void> {
  await tx.execute(sql`delete from ${outbox} where user_id = ${userId}`);
  await tx.execute(sql`delete from ${users} where id = ${userId} and ${isBegun}`);
}

export interface Batch {
  /** How many rows it has dealt with: fewer than were asked for at the end. */
  readonly rows: number;
  /** The last one, or where it began if there was none. */
  readonly last: string;
}

/** Which rows, in the order of their ids. */
export interface BatchSpan {
  readonly after: string;
  readonly limit: number;
}

export type EraseBatch = (tx: Transaction, erasure: BegunErasure, span: BatchSpan) => Promise<Batch>;

export const eraseSessions: EraseBatch = async (tx, { userId }, { after, limit }) => {
  const deleted = await tx.execute(sql`
    delete from ${sessions} where id in (select id from ${sessions} where user_id = ${userId} limit ${limit})`);
  return { rows: deleted.count, last: after };
};

/** Facts that are about nobody, by their names. What is not among them goes. */
const keptFacts = ["after", "before", "by", "coordinate", "endedSessions", "reason", "roles"];

const isKnown = isKnownAuditEventType(sql`audit_events.type`);

/**
 * An entry of an unknown type goes: nobody can say what of it is about a person, and the database takes no change of it. Somebody has
 * written it by hand before types were checked, or a newer version beside this one has.
 */
const deleteUnknown = sql`unknown as (
      delete from ${auditEvents} as audit_events using batch where audit_events.id = batch.id and not ${isKnown}
    )`;

/** The entries about the user. Where an admin did it, the address is the admin's, and stays. */
export const eraseOwnEntries: EraseBatch = (tx, { userId, pseudonyms }, { after, limit }) =>
  readBatch(
    tx,
    sql`
    with batch as (
      select id from ${auditEvents} where (user_id, id) > (${userId}::uuid, ${after}::uuid) and user_id = ${userId}
      order by user_id, id limit ${limit}
    ), changed as (
      update ${auditEvents} as audit_events
      set user_id = ${pseudonyms.ofUser},
        actor_id = case when actor_id = ${userId} then ${pseudonyms.ofUser} else actor_id end,
        session_id = ${sessionPseudonym(pseudonyms)},
        ip_address = case when actor_id <> ${userId} then ip_address end,
        user_agent = case when actor_id <> ${userId} then user_agent end,
        detail = (
          select jsonb_object_agg(key, value) from jsonb_each(detail)
          where key = any(${sql.param(keptFacts)}::text[]) and not (type = 'USER_DISABLED' and key = 'reason'))
      from batch where audit_events.id = batch.id and ${isKnown}
    ), ${deleteUnknown}
    select id from batch order by id`,
    after,
  );

/** Those of what the user did to others, as an admin: found by the index of such. */
export const eraseDeedsToOthers: EraseBatch = (tx, { userId, pseudonyms }, { after, limit }) =>
  readBatch(
    tx,
    sql`
    with batch as (
      select id from ${auditEvents}
      where (actor_id, id) > (${userId}::uuid, ${after}::uuid) and actor_id = ${userId} and actor_id is not null
        and actor_id is distinct from user_id
      order by actor_id, id limit ${limit}
    ), changed as (
      update ${auditEvents} as audit_events set actor_id = ${pseudonyms.ofUser}, ip_address = null, user_agent = null
      from batch where audit_events.id = batch.id and ${isKnown}
    ), ${deleteUnknown}
    select id from batch order by id`,
    after,
  );

async function readBatch(tx: Transaction, statement: SQL, after: string): Promise<Batch> {
  const rows = await tx.execute<{ id: string }>(statement);
  return { rows: rows.length, last: rows.at(-1)?.id ?? after };
}

/** Null where there is none. A UUIDv8 (RFC 9562, section 5.8), so that it is an id like any other. */
function sessionPseudonym({ sessionSecret }: Pseudonyms) {
  const hash = sql`left(encode(sha256(decode(${sessionSecret}, 'hex') || uuid_send(session_id)), 'hex'), 32)`;
  return sql`overlay(overlay(${hash} placing '8' from 13) placing 'a' from 17)::uuid`;
}
