import type { Database } from "../../../database/database.ts";
import { type EventValues, insertEvent } from "../../audit/audit-event-store.ts";
import { readSessionOfAccount, type SessionOfAccount, type SessionOfAccountRow, sessionOfAccountColumns } from "../session-row-store.ts";
import { isRotatable, type Rotation, type RotationValues, setRotated } from "./rotation-store.ts";

/** What became of one rotation of a batch. */
export type BatchedRotation =
  /** Somebody else holds the row, or there is none: nothing was judged. */
  | { readonly kind: "skipped" }
  /** As `rotateSession` answers. */
  | { readonly kind: "judged"; readonly rotated: SessionOfAccount | undefined };

type Row = { position: number; judged: boolean } & (SessionOfAccountRow | { id: null });

/**
 * `rotateSession` for several sessions, of which no two are the same, in one statement: a commit and a round trip for all of them.
 * It waits for nobody: a row that is locked is skipped, so that one session cannot hold up the others, and two batches
 * cannot wait for each other. The rows are locked in one order all the same. In the order of the rotations.
 */
export async function rotateSessions(database: Database, rotations: readonly Rotation[]): Promise<BatchedRotation[]> {
  const { $tables: tables } = database;
  const asked = JSON.stringify(rotations.map(describe));
  const values = lockedValues(database);
  const rows = await database.$sql<Row[]>`
    with asked as (
      select * from json_to_recordset(${asked}::text::json) as asked (
        position integer, owner uuid, session uuid, family text, presented text, successor text, nonce text, retry text,
          client text, instant timestamptz,
        idle_end timestamptz, access_end timestamptz, event uuid, event_type text, event_instant timestamptz, address text, agent text
      )
    ), locked as materialized (
      select asked.*
      from asked join ${tables.sessions} as sessions on sessions.user_id = asked.owner and sessions.id = asked.session
      order by sessions.id
      for no key update of sessions skip locked
    ), rotated as (
      update ${tables.sessions} as sessions
      ${setRotated(database, values)}
      from locked, ${tables.users} as users
      where ${isRotatable(database, values)}
      returning ${sessionOfAccountColumns(database)}
    ), audited as (
      ${insertEvent(database, lockedEvent(database))}
      from rotated join locked on locked.session = rotated.id
    )
    select asked.position, locked.session is not null as judged, rotated.*
    from asked
    left join locked on locked.position = asked.position
    left join rotated on rotated.id = locked.session`;
  const byPosition = new Map(rows.map((row) => [row.position, row]));
  return rotations.map((_rotation, position) => readRow(byPosition.get(position)));
}

function lockedEvent({ $sql: sql }: Database): EventValues {
  return {
    id: sql`event`,
    type: sql`event_type`,
    occurredAt: sql`event_instant`,
    sessionId: sql`session`,
    ipAddress: sql`address`,
    userAgent: sql`agent`,
  };
}

function lockedValues({ $sql: sql }: Database): RotationValues {
  return {
    userId: sql`locked.owner`,
    sessionId: sql`locked.session`,
    familyHash: sql`decode(locked.family, 'hex')`,
    presentedHash: sql`decode(locked.presented, 'hex')`,
    successorHash: sql`decode(locked.successor, 'hex')`,
    nonce: sql`decode(locked.nonce, 'hex')`,
    retryHash: sql`decode(locked.retry, 'hex')`,
    client: sql`decode(locked.client, 'hex')`,
    now: sql`locked.instant`,
    idleExpiresAt: sql`locked.idle_end`,
    accessExpiresAt: sql`locked.access_end`,
  };
}

function describe(rotation: Rotation, position: number) {
  const { event } = rotation;
  return {
    position,
    owner: rotation.userId,
    session: rotation.sessionId,
    family: rotation.familyHash.toString("hex"),
    presented: rotation.presentedHash.toString("hex"),
    successor: rotation.successorHash.toString("hex"),
    nonce: rotation.nonce.toString("hex"),
    retry: rotation.retryHash?.toString("hex") ?? null,
    client: rotation.client.toString("hex"),
    instant: rotation.now,
    idle_end: rotation.idleExpiresAt,
    access_end: rotation.accessExpiresAt,
    event: event.id,
    event_type: event.type,
    event_instant: event.occurredAt,
    address: event.ipAddress,
    agent: event.userAgent,
  };
}

function readRow(row: Row | undefined): BatchedRotation {
  if (row?.judged !== true) return { kind: "skipped" };
  return { kind: "judged", rotated: row.id === null ? undefined : readSessionOfAccount(row) };
}
