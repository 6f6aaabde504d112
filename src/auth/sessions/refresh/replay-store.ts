import type { Database } from "../../../database/database.ts";
import { entryOf, insertEntry } from "../../audit/audit-entry-store.ts";
import type { AuditEvent } from "../../audit/audit-events.ts";
import { isLive } from "../../revocations/session-ends-store.ts";
import { type HeldSessionRow, heldColumns, readHeldSession, type SessionOfAccount } from "../session-row-store.ts";

export interface Replay {
  readonly userId: string;
  readonly sessionId: string;
  readonly familyHash: Buffer;
  /** The hash of the secret that was presented: the direct predecessor's. */
  readonly presentedHash: Buffer;
  /** What proves that this is a retry of the rotation; null where the client sent no key. */
  readonly retryHash: Buffer | null;
  readonly client: Buffer;
  readonly now: Date;
  /** A rotation before this is too long ago for a retry that proves nothing. */
  readonly rotatedSince: Date;
  /** The session must remember access tokens for at least this long, or its row has to change. */
  readonly accessExpiresAt: Date;
  /** REFRESH_REPLAYED; its user is taken from the row. */
  readonly event: AuditEvent;
}

/**
 * The common replay, without a lock: of a thousand losers of one rotation none waits for another's commit.
 * Of the client that rotated, or of one that proves its retry: it changes nothing, so it may be judged by what was committed when it was
 * asked; all else is judged under the lock.
 */
export async function replaySession(database: Database, replay: Replay): Promise<(SessionOfAccount & { nonce: Buffer }) | undefined> {
  const { $tables: tables } = database;
  const [row] = await database.$client<(HeldSessionRow & { rotation_nonce: Buffer })[]>`
    with replayed as (
      select ${heldColumns(database)}, rotation_nonce
      from ${tables.sessions} as sessions join ${tables.users} as users on users.id = sessions.user_id
      where sessions.user_id = ${replay.userId}
        and sessions.id = ${replay.sessionId}
        and family_hash = ${replay.familyHash}
        and previous_hash = ${replay.presentedHash}
        and (retry_hash = ${replay.retryHash}
          or (rotated_at >= ${replay.rotatedSince.toISOString()} and (rotation_client = ${replay.client} or rotation_client is null)))
        and access_expires_at >= ${replay.accessExpiresAt.toISOString()}
        and ${isLive(database, replay.now.toISOString())}
        and users.status = 'ACTIVE'
    ), audited as (
      ${insertEntry(database, entryOf(replay.event))} from replayed
    )
    select * from replayed`;
  return row === undefined ? undefined : { ...readHeldSession(row), nonce: row.rotation_nonce };
}
