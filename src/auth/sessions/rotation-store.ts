import type { Database } from "../../database/database.ts";
import type { AuditEvent } from "../audit/audit-events.ts";
import { type HeldSessionRow, heldColumns, readHeldSession, type SessionOfAccount } from "./held-session-row.ts";
import { isNotEnded } from "./session-ends-store.ts";

export interface Rotation {
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

/**
 * The compare-and-swap that decides a refresh: of any number of simultaneous uses of one token, one finds its row.
 * Undefined for all others. One statement, hence one transaction and one round trip: the rotation, its audit entry and
 * what the next access token says of the user. Written out because Drizzle cannot nest INSERT … SELECT in WITH.
 */
export async function rotateSession(database: Database, rotation: Rotation): Promise<SessionOfAccount | undefined> {
  const { event } = rotation;
  const { $tables: tables } = database;
  const now = rotation.now.toISOString();
  const rows = await database.$client<HeldSessionRow[]>`
    with rotated as (
      update ${tables.sessions} as sessions
      set previous_hash = current_hash,
          current_hash = ${rotation.successorHash},
          rotation_nonce = ${rotation.nonce},
          retry_hash = ${rotation.retryHash},
          rotation_client = ${rotation.client},
          generation = generation + 1,
          rotated_at = ${now},
          last_used_at = ${now},
          access_expires_at = greatest(${rotation.accessExpiresAt.toISOString()}, access_expires_at),
          idle_expires_at = least(${rotation.idleExpiresAt.toISOString()}, expires_at)
      from ${tables.users} as users
      where sessions.id = ${rotation.sessionId}
        and family_hash = ${rotation.familyHash}
        and current_hash = ${rotation.presentedHash}
        and ${isNotEnded(database)}
        and idle_expires_at > ${now}
        and expires_at > ${now}
        and users.id = sessions.user_id
        and users.status = 'ACTIVE'
      returning ${heldColumns(database)}
    ), audited as (
      insert into ${tables.auditEvents} (id, type, occurred_at, user_id, actor_id, session_id, ip_address, user_agent, succeeded)
      select ${event.id}::uuid, ${event.type}, ${event.occurredAt.toISOString()}::timestamptz, user_id, user_id, rotated.id,
        ${event.ipAddress}, ${event.userAgent}, true
      from rotated
    )
    select * from rotated`;
  return rows[0] === undefined ? undefined : readHeldSession(rows[0]);
}
