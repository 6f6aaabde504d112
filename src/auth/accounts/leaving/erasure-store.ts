import { lte, type SQL, sql } from "drizzle-orm";
import { isKnownAuditEventType } from "../../../database/columns/audit-event-types.ts";
import type { Database, Transaction } from "../../../database/database.ts";
import { accountErasures } from "../../../database/tables/account-erasures.ts";
import { auditEvents } from "../../../database/tables/audit-events.ts";
import { emailAddresses } from "../../../database/tables/email-addresses.ts";
import { identitySubjects } from "../../../database/tables/identity-subjects.ts";
import { knownDevices } from "../../../database/tables/known-devices.ts";
import { oneTimeTokens } from "../../../database/tables/one-time-tokens.ts";
import { outbox } from "../../../database/tables/outbox.ts";
import { recentNotices } from "../../../database/tables/recent-notices.ts";
import { sessionEnds } from "../../../database/tables/session-ends.ts";
import { sessions } from "../../../database/tables/sessions.ts";
import { users } from "../../../database/tables/users.ts";
import { UNUSABLE_PASSWORD_HASH } from "../../passwords/password-hash.ts";

/*
 * A user whose erasure has begun: the row has nothing left of them but its id, and `account_erasures` says by what their audit events are
 * to go on.
 */

export interface BegunErasure {
  readonly userId: string;
  readonly pseudonyms: Pseudonyms;
  readonly begunAt: Date;
}

/** What stands in the audit events afterwards. */
export interface Pseudonyms {
  readonly ofUser: string;
  /** 32 bytes: those of sessions are hashes of it and the session's id. */
  readonly sessionSecret: Buffer;
}

/**
 * Takes what is known of one user, whose time has come, out of the row, and with it all that hangs on their address: nobody can sign in,
 * and the address is free. Undefined where there is none, or only such as somebody signs in to, or begins to erase, at this moment.
 */
export async function beginErasure(tx: Transaction, { ofUser, sessionSecret }: Pseudonyms, now: Date): Promise<string | undefined> {
  const due = (await tx.$isSpread()) ? await lockDueOfSpread(tx, now) : sql`(${selectDue(now, 1)} for update skip locked)`;
  if (due === undefined) return undefined;
  const rows = await tx.execute<{ user_id: string }>(sql`
    insert into ${accountErasures} (user_id, pseudonym, session_secret, begun_at)
    select due.id, ${ofUser}::uuid, ${sessionSecret}::bytea, ${now.toISOString()}::timestamptz from ${due} as due (id)
    on conflict do nothing
    returning user_id`);
  const userId = rows[0]?.user_id;
  if (userId !== undefined) await emptyUser(tx, userId, now);
  return userId;
}

function selectDue(now: Date, limit: number): SQL {
  return sql`
      select id from ${users} as users
      where erasure_at <= ${now.toISOString()}
        and not exists (select 1 from ${accountErasures} as account_erasures where account_erasures.user_id = users.id)
      order by erasure_at limit ${limit}`;
}

/** So many are tried, where others hold the first ones. */
const DUE_TRIED = 10;

/** Where users are spread, only one that is named can be locked. */
async function lockDueOfSpread(tx: Transaction, now: Date): Promise<SQL | undefined> {
  for (const { id } of await tx.execute<{ id: string }>(selectDue(now, DUE_TRIED))) {
    const locked = await tx.execute(sql`
      select 1 from ${users} where id = ${id} and erasure_at <= ${now.toISOString()} for update skip locked`);
    if (locked.length > 0) return sql`(values (${id}::uuid))`;
  }
  return undefined;
}

/** What does not go by itself with the user's row. */
const withoutForeignKey = [emailAddresses, identitySubjects, oneTimeTokens, outbox, sessionEnds];

/** What stands for the address is in no address, and another one for each: lists are in its order. */
async function emptyUser(tx: Transaction, userId: string, now: Date): Promise<void> {
  await tx.execute(sql`
    update ${users}
    set email = 'erased', email_key = 'erased ' || id, email_verified = false, password_hash = ${UNUSABLE_PASSWORD_HASH}, roles = '{}',
      status = 'DISABLED', created_at = ${now.toISOString()}, last_login_at = null, erasure_at = ${now.toISOString()}
    where id = ${userId}`);
  for (const table of [...withoutForeignKey, knownDevices, recentNotices]) {
    await tx.execute(sql`delete from ${table} where user_id = ${userId}`);
  }
}

/** The oldest ones, at most `limit`. */
export async function findBegunErasures(database: Database, now: Date, limit: number): Promise<BegunErasure[]> {
  const rows = await database
    .select()
    .from(accountErasures)
    .where(lte(accountErasures.begunAt, now))
    .orderBy(accountErasures.begunAt)
    .limit(limit);
  return rows.map(({ userId, pseudonym, sessionSecret, begunAt }) => ({
    userId,
    pseudonyms: { ofUser: pseudonym, sessionSecret },
    begunAt,
  }));
}

/** False where another process is at it, or has finished it. */
export async function lockErasure(tx: Transaction, userId: string): Promise<boolean> {
  const rows = await tx.execute(sql`select 1 from ${accountErasures} where user_id = ${userId} for update skip locked`);
  return rows.length > 0;
}

/** With whatever still hangs on it, and with messages about what has been done to it since. */
export async function deleteErasedUser(tx: Transaction, userId: string): Promise<void> {
  for (const table of withoutForeignKey) await tx.execute(sql`delete from ${table} where user_id = ${userId}`);
  await tx.execute(sql`delete from ${users} where id = ${userId}`);
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
    delete from ${sessions} where (user_id, id) in (select user_id, id from ${sessions} where user_id = ${userId} limit ${limit})`);
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
      delete from ${auditEvents} as audit_events using batch
      where audit_events.user_id = batch.user_id and audit_events.id = batch.id and not ${isKnown}
    )`;

/** The entries about the user. Where an admin did it, the address is the admin's, and stays. */
export const eraseOwnEntries: EraseBatch = async (tx, erasure, { after, limit }) => {
  const { userId } = erasure;
  const isInBatch = sql`user_id = ${userId} and id = any(array(select id from batch))`;
  const changes = (await tx.$isSpread()) ? moveOwnEntries(erasure, isInBatch) : updateOwnEntries(erasure, isInBatch);
  return readBatch(
    tx,
    sql`
    with batch as (
      select user_id, id from ${auditEvents} where (user_id, id) > (${userId}::uuid, ${after}::uuid) and user_id = ${userId}
      order by user_id, id limit ${limit}
    ), ${changes}
    select id from batch order by id`,
    after,
  );
};

function updateOwnEntries({ userId, pseudonyms }: BegunErasure, isInBatch: SQL): SQL {
  const { actorId, sessionId, ipAddress, userAgent, detail } = pseudonymized(userId, pseudonyms);
  return sql`changed as (
      update ${auditEvents} as audit_events
      set user_id = ${pseudonyms.ofUser}, actor_id = ${actorId}, session_id = ${sessionId}, ip_address = ${ipAddress},
        user_agent = ${userAgent}, detail = ${detail}
      where ${isInBatch} and ${isKnown}
    ), ${deleteUnknown}`;
}

/** A row stays at the node of its user: what is another user's from now on is deleted here, and written there. */
function moveOwnEntries({ userId, pseudonyms }: BegunErasure, isInBatch: SQL): SQL {
  const { actorId, sessionId, ipAddress, userAgent, detail } = pseudonymized(userId, pseudonyms);
  return sql`taken as (
      delete from ${auditEvents} where ${isInBatch} returning *
    ), written as (
      insert into ${auditEvents}
        (id, type, occurred_at, user_id, actor_id, session_id, ip_address, user_agent, succeeded, detail)
      select id, type, occurred_at, ${pseudonyms.ofUser}::uuid, ${actorId}, ${sessionId}, ${ipAddress}, ${userAgent}, succeeded, ${detail}
      from taken as audit_events where ${isKnown}
    )`;
}

/** What stands in the columns of an entry about the user afterwards. */
function pseudonymized(userId: string, pseudonyms: Pseudonyms) {
  return {
    actorId: sql`case when actor_id = ${userId}::uuid then ${pseudonyms.ofUser}::uuid else actor_id end`,
    sessionId: sessionPseudonym(pseudonyms),
    ipAddress: sql`case when actor_id <> ${userId}::uuid then ip_address end`,
    userAgent: sql`case when actor_id <> ${userId}::uuid then user_agent end`,
    detail: sql`(
      select jsonb_object_agg(key, value) from jsonb_each(detail)
      where key = any(${sql.param(keptFacts)}::text[]) and not (type = 'USER_DISABLED' and key = 'reason'))`,
  };
}

/** Those of what the user did to others, as an admin: found by the index of such. */
export const eraseDeedsToOthers: EraseBatch = (tx, { userId, pseudonyms }, { after, limit }) =>
  readBatch(
    tx,
    sql`
    with batch as (
      select user_id, id from ${auditEvents}
      where (actor_id, id) > (${userId}::uuid, ${after}::uuid) and actor_id = ${userId} and actor_id is not null
        and actor_id is distinct from user_id
      order by actor_id, id limit ${limit}
    ), changed as (
      update ${auditEvents} as audit_events set actor_id = ${pseudonyms.ofUser}, ip_address = null, user_agent = null
      from batch where audit_events.user_id = batch.user_id and audit_events.id = batch.id and ${isKnown}
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
  const hash = sql`left(encode(sha256(${sessionSecret}::bytea || uuid_send(session_id)), 'hex'), 32)`;
  return sql`overlay(overlay(${hash} placing '8' from 13) placing 'a' from 17)::uuid`;
}
