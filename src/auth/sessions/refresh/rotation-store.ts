import type postgres from "postgres";
import type { Database, Statements } from "../../../database/database.ts";
import { eventValuesOf, insertEvent } from "../../audit/audit-event-store.ts";
import type { AuditEvent } from "../../audit/audit-events.ts";
import { isLive } from "../../revocations/session-ends-store.ts";
import { readSessionOfAccount, type SessionOfAccount, type SessionOfAccountRow, sessionOfAccountColumns } from "../session-row-store.ts";

export interface Rotation {
  readonly userId: string;
  readonly sessionId: string;
  readonly familyHash: Buffer;
  /** The hash of the secret that was presented, and of the one that takes its place. */
  readonly presentedHash: Buffer;
  readonly successorHash: Buffer;
  readonly nonce: Buffer;
  /** What a retry will prove itself with; null where the client sent no key. */
  readonly retryHash: Buffer | null;
  readonly client: Buffer;
  readonly now: Date;
  /** The next idle end; the absolute end caps it. */
  readonly idleExpiresAt: Date;
  /** When the access token that is issued now will expire. */
  readonly accessExpiresAt: Date;
  /** TOKEN_REFRESHED; its user is taken from the row. */
  readonly event: AuditEvent;
}

/** What a rotation says, as parameters or as columns of a statement that has several. */
export type RotationValues = Readonly<Record<Exclude<keyof Rotation, "event" | "now">, postgres.Fragment | Buffer | string | null>> & {
  readonly now: postgres.Fragment | string;
};

/** Of `sessions`: what a rotation writes. */
export function setRotated({ $sql: sql }: Statements, values: RotationValues): postgres.Fragment {
  return sql`
      set previous_hash = current_hash,
          current_hash = ${values.successorHash},
          rotation_nonce = ${values.nonce},
          retry_hash = ${values.retryHash},
          rotation_client = ${values.client},
          generation = generation + 1,
          rotated_at = ${values.now},
          last_used_at = ${values.now},
          access_expires_at = greatest(${values.accessExpiresAt}, access_expires_at),
          idle_expires_at = least(${values.idleExpiresAt}, expires_at)`;
}

/** Of `sessions` and `users`: whether the token is the current one of a session that lives, and its user may use it. */
export function isRotatable(statements: Statements, values: RotationValues): postgres.Fragment {
  return statements.$sql`sessions.user_id = ${values.userId}
        and sessions.id = ${values.sessionId}
        and family_hash = ${values.familyHash}
        and current_hash = ${values.presentedHash}
        and ${isLive(statements, values.now)}
        and users.id = ${values.userId}
        and users.status = 'ACTIVE'`;
}

/**
 * The compare-and-swap that decides a refresh: of any number of simultaneous uses of one token, one finds its row.
 * Undefined for all others. One statement, hence one transaction and one round trip: the rotation, its audit event and
 * what the next access token says of the user. Written out because Drizzle cannot nest INSERT … SELECT in WITH.
 */
export async function rotateSession(database: Database, rotation: Rotation): Promise<SessionOfAccount | undefined> {
  const { $tables: tables } = database;
  const values = {
    ...rotation,
    now: rotation.now.toISOString(),
    accessExpiresAt: rotation.accessExpiresAt.toISOString(),
    idleExpiresAt: rotation.idleExpiresAt.toISOString(),
  };
  const rows = await database.$sql<SessionOfAccountRow[]>`
    with rotated as (
      update ${tables.sessions} as sessions
      ${setRotated(database, values)}
      from ${tables.users} as users
      where ${isRotatable(database, values)}
      returning ${sessionOfAccountColumns(database)}
    ), audited as (
      ${insertEvent(database, eventValuesOf(rotation.event))} from rotated
    )
    select * from rotated`;
  return rows[0] === undefined ? undefined : readSessionOfAccount(rows[0]);
}
