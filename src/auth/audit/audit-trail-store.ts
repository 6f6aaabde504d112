import { and, desc, eq, gte, inArray, lt, type Placeholder, type SQL, sql } from "drizzle-orm";
import { MAX as HIGHEST_ID, NIL as LOWEST_ID } from "uuid";
import { firstIdAt } from "../../core/first-id-at.ts";
import { groupBy } from "../../core/group-by.ts";
import { isKnownAuditEventType } from "../../database/columns/audit-event-types.ts";
import type { Database } from "../../database/database.ts";
import { auditEvents } from "../../database/tables/audit-events.ts";
import type { PageSpan } from "../paging/pages.ts";
import { type AuditEvent, type AuditEventType, NOBODY } from "./audit-events.ts";

/** What is absent does not filter. */
export interface AuditEventFilter {
  /** Whose account it concerns. */
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Who did it. */
  readonly actorId?: string | undefined;
  /** From where, in any of these spellings. With neither user, session nor actor, refreshes are not looked for. */
  readonly ipAddresses?: readonly string[] | undefined;
  readonly types?: readonly AuditEventType[] | undefined;
  /** Inclusive. */
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
}

/** The refreshes of one session from an instant on, which are kept from whoever asks. */
export interface WithheldRefreshes {
  readonly sessionId: string;
  readonly from: Date;
}

/** All lists are newest first, which is the order of ids backwards. */
export interface AuditTrailStore {
  findEvents(filter: AuditEventFilter, span: PageSpan, withheld?: WithheldRefreshes): Promise<AuditEvent[]>;
  /** The latest `first` events of each session, by session. */
  findEventsOfSessions(sessionIds: readonly string[], first: number, withheld?: WithheldRefreshes): Promise<Map<string, AuditEvent[]>>;
}

/**
 * No list has entries of other types: somebody has written them by hand before types were checked, or a newer version beside this one has.
 * They are left out by the statements, so that pages are full.
 */
const isKnown = isKnownAuditEventType(auditEvents.type);

/** From the lower id on, up to and without the upper one. */
interface IdRange {
  readonly lower: string;
  readonly upper: string;
}

type IndexedColumn =
  | typeof auditEvents.userId
  | typeof auditEvents.sessionId
  | typeof auditEvents.actorId
  | typeof auditEvents.type
  | typeof auditEvents.ipAddress;

export function createAuditTrailStore(database: Database): AuditTrailStore {
  const latestOfSession = database
    .select()
    .from(auditEvents)
    .where(
      and(
        isWithin(auditEvents.sessionId, sql`wanted.session_id`, { lower: LOWEST_ID, upper: HIGHEST_ID }),
        isKnown,
        isTold(sql.placeholder("withheldSession"), sql.placeholder("withheldFrom")),
      ),
    )
    .orderBy(...newestFirst(auditEvents.sessionId))
    .limit(sql.placeholder("first"))
    .as("latest");
  const latestOfSessions = database
    .select({ event: latestOfSession._.selectedFields })
    .from(sql`unnest(${sql.placeholder("sessionIds")}::uuid[]) as wanted (session_id)`)
    .crossJoinLateral(latestOfSession)
    .orderBy(desc(latestOfSession.id))
    .prepare("find_events_of_sessions");

  return {
    findEvents(filter, { first, afterKey }, withheld) {
      const wanted = { range: rangeOf(filter, afterKey), limit: first, isTold: withheld && isTold(...keysOf(withheld)) };
      const isOfOwner = filter.userId !== undefined || filter.sessionId !== undefined;
      if (isOfOwner) return findOfOwner(database, filter, wanted);
      if (filter.actorId !== undefined) return findOfActor(database, filter, wanted);
      if (filter.ipAddresses !== undefined) return findOfAddresses(database, filter, wanted);
      if (filter.types !== undefined) return findOfTypes(database, filter.types, wanted);
      return findAll(database, wanted);
    },
    async findEventsOfSessions(sessionIds, first, withheld) {
      const ids = [...new Set(sessionIds)];
      if (await database.$isSpread()) {
        const wanted = { range: rangeOf({}), limit: first, isTold: withheld && isTold(...keysOf(withheld)) };
        const lists = await Promise.all(ids.map((sessionId) => findOfOwner(database, { sessionId }, wanted)));
        return groupBy(lists.flat(), ({ sessionId }) => sessionId);
      }
      const [withheldSession, withheldFrom] = withheld === undefined ? [LOWEST_ID, HIGHEST_ID] : keysOf(withheld);
      const rows = await latestOfSessions.execute({ sessionIds: ids, first, withheldSession, withheldFrom });
      const events = rows.map(({ event }) => toEvent(event));
      return groupBy(events, ({ sessionId }) => sessionId);
    },
  };
}

interface Wanted {
  readonly range: IdRange;
  readonly limit: number;
  readonly isTold: SQL | undefined;
}

async function findAll(database: Database, { range, limit, isTold }: Wanted): Promise<AuditEvent[]> {
  const isInRange = and(gte(auditEvents.id, range.lower), lt(auditEvents.id, range.upper), isKnown, isTold);
  const rows = await database.select().from(auditEvents).where(isInRange).orderBy(desc(auditEvents.id)).limit(limit);
  return rows.map(toEvent);
}

/** Of a session, of a user, or of both; a session narrows more. */
async function findOfOwner(database: Database, filter: AuditEventFilter, { range, limit, isTold }: Wanted): Promise<AuditEvent[]> {
  const { userId, sessionId } = filter;
  // What concerns nobody is no user's, whatever is asked for.
  if (userId === NOBODY) return [];
  const [column, key] = sessionId === undefined ? [auditEvents.userId, userId] : [auditEvents.sessionId, sessionId];
  // Entries of a user are in a range of rows already, which says to no Citus at which node they are.
  const namesUser = sessionId !== undefined || (await database.$isSpread());
  const where = and(
    isWithin(column, sql`${key}`, range),
    namesUser && userId !== undefined ? eq(auditEvents.userId, userId) : undefined,
    others(filter),
    isTold,
  );
  const rows = await database
    .select()
    .from(auditEvents)
    .where(where)
    .orderBy(...newestFirst(column))
    .limit(limit);
  return rows.map(toEvent);
}

/** What an owner's entries, or an actor's, are filtered by beside that: there are few of them. */
function others({ types, actorId, ipAddresses }: AuditEventFilter): SQL | undefined {
  return and(
    types === undefined ? isKnown : inArray(auditEvents.type, [...types]),
    actorId === undefined ? undefined : eq(auditEvents.actorId, actorId),
    ipAddresses === undefined ? undefined : inArray(auditEvents.ipAddress, [...ipAddresses]),
  );
}

/** What somebody did to themselves is among their own entries, and what they did to others in the index of such deeds. */
async function findOfActor(database: Database, filter: AuditEventFilter, { range, limit, isTold }: Wanted): Promise<AuditEvent[]> {
  const actorId = filter.actorId ?? "";
  const toThemselves = and(isWithin(auditEvents.userId, sql`${actorId}`, range), others(filter), isTold);
  const isDeed = sql`${auditEvents.actorId} is not null and ${auditEvents.actorId} is distinct from ${auditEvents.userId}`;
  const toOthers = and(isWithin(auditEvents.actorId, sql`${actorId}`, range), isDeed, others({ ...filter, actorId: undefined }), isTold);
  const lists = await Promise.all(
    (
      [
        [auditEvents.userId, toThemselves],
        [auditEvents.actorId, toOthers],
      ] as const
    ).map(([column, where]) =>
      database
        .select()
        .from(auditEvents)
        .where(where)
        .orderBy(...newestFirst(column))
        .limit(limit),
    ),
  );
  return newestOf(lists, limit);
}

function newestOf(lists: readonly (typeof auditEvents.$inferSelect)[][], limit: number): AuditEvent[] {
  const newest = lists.flat().sort((one, other) => (one.id < other.id ? 1 : -1));
  return newest.slice(0, limit).map(toEvent);
}

/** The index leaves refreshes out, which are as many as all else together: else each of them would pay for it. */
async function findOfAddresses(database: Database, filter: AuditEventFilter, { range, limit }: Wanted): Promise<AuditEvent[]> {
  const lists = await Promise.all(
    (filter.ipAddresses ?? []).map((address) =>
      database
        .select()
        .from(auditEvents)
        .where(and(isWithin(auditEvents.ipAddress, sql`${address}`, range), isNoRefresh, others({ types: filter.types })))
        .orderBy(...newestFirst(auditEvents.ipAddress))
        .limit(limit),
    ),
  );
  return newestOf(lists, limit);
}

/** Written out as it is in the index. */
const isNoRefresh = sql`${auditEvents.type} not in ('TOKEN_REFRESHED', 'REFRESH_REPLAYED')`;

/** One short scan of the index for each type: rare types would be looked for among all others, entry by entry. */
async function findOfTypes(database: Database, types: readonly AuditEventType[], wanted: Wanted): Promise<AuditEvent[]> {
  const { range, limit, isTold } = wanted;
  const newestOfType = (type: SQL) =>
    database
      .select()
      .from(auditEvents)
      .where(and(isWithin(auditEvents.type, type, range), isTold))
      .orderBy(...newestFirst(auditEvents.type))
      .limit(limit);
  if (await database.$isSpread()) {
    return newestOf(await Promise.all(types.map((type) => newestOfType(sql`${type}`))), limit);
  }
  const ofType = newestOfType(sql`wanted.type`).as("of_type");
  const rows = await database
    .select({ event: ofType._.selectedFields })
    .from(sql`unnest(${sql.param(types)}::text[]) as wanted (type)`)
    .crossJoinLateral(ofType)
    .orderBy(desc(ofType.id))
    .limit(limit);
  return rows.map(({ event }) => toEvent(event));
}

/** A span of time is a range of ids, and so is everything behind a cursor. */
function rangeOf({ from, to }: AuditEventFilter, afterKey: string = HIGHEST_ID): IdRange {
  const end = to === undefined ? HIGHEST_ID : firstIdAt(to);
  return { lower: from === undefined ? LOWEST_ID : firstIdAt(from), upper: end < afterKey ? end : afterKey };
}

/**
 * The entries with one value in a column. Compared as rows, and to be sorted as such, so that only the index of that column and
 * the id serves them in order: where they are many but old, statistics would have all newer entries read for the sake of theirs.
 */
function isWithin(column: IndexedColumn, value: SQL, { lower, upper }: IdRange): SQL {
  const row = sql`(${column}, ${auditEvents.id})`;
  return sql`${row} >= (${value}, ${lower}) and ${row} < (${value}, ${upper})`;
}

function keysOf({ sessionId, from }: WithheldRefreshes): [string, string] {
  return [sessionId, firstIdAt(from)];
}

function isTold(sessionId: string | Placeholder, fromId: string | Placeholder): SQL {
  const { id, type, sessionId: ofSession } = auditEvents;
  return sql`(${type} not in ('TOKEN_REFRESHED', 'REFRESH_REPLAYED')
    or ${ofSession} is distinct from ${sessionId}::uuid or ${id} < ${fromId}::uuid)`;
}

function newestFirst(column: IndexedColumn): [SQL, SQL] {
  return [desc(column), desc(auditEvents.id)];
}

function toEvent(row: typeof auditEvents.$inferSelect): AuditEvent {
  return { ...row, userId: row.userId === NOBODY ? null : row.userId, type: row.type as AuditEventType };
}
