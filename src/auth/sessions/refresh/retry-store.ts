import type { Database } from "../../../database/database.ts";
import { eventValuesOf, insertEvent } from "../../audit/audit-event-store.ts";
import type { AuditEvent } from "../../audit/audit-events.ts";
import { isLive } from "../../revocations/session-ends-store.ts";
import { readSessionOfAccount, type SessionOfAccount, type SessionOfAccountRow, sessionOfAccountColumns } from "../session-row-store.ts";

export interface Retry {
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
 * The common retry, without a lock: of a thousand losers of one rotation none waits for another's commit.
 * Of the client that rotated, or of one that proves its retry: it changes nothing, so it may be judged by what was committed when it was
 * asked; all else is judged under the lock.
 */
export async function answerRetry(database: Database, retry: Retry): Promise<(SessionOfAccount & { nonce: Buffer }) | undefined> {
  const { $tables: tables } = database;
  const [row] = await database.$sql<(SessionOfAccountRow & { rotation_nonce: Buffer })[]>`
    with retried as (
      select ${sessionOfAccountColumns(database)}, rotation_nonce
      from ${tables.sessions} as sessions join ${tables.users} as users on users.id = sessions.user_id
      where sessions.user_id = ${retry.userId}
        and sessions.id = ${retry.sessionId}
        and family_hash = ${retry.familyHash}
        and previous_hash = ${retry.presentedHash}
        and (retry_hash = ${retry.retryHash}
          or (rotated_at >= ${retry.rotatedSince.toISOString()} and (rotation_client = ${retry.client} or rotation_client is null)))
        and access_expires_at >= ${retry.accessExpiresAt.toISOString()}
        and ${isLive(database, retry.now.toISOString())}
        and users.status = 'ACTIVE'
    ), audited as (
      ${insertEvent(database, eventValuesOf(retry.event))} from retried
    )
    select * from retried`;
  return row === undefined ? undefined : { ...readSessionOfAccount(row), nonce: row.rotation_nonce };
}
