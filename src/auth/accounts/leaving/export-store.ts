import { and, desc, eq, gt } from "drizzle-orm";
import type { Database } from "../../../database/database.ts";
import { oneTimeTokens } from "../../../database/tables/one-time-tokens.ts";
import { outbox } from "../../../database/tables/outbox.ts";
import { sessions } from "../../../database/tables/sessions.ts";
import type { Session } from "../../sessions/session-state.ts";
import { sessionColumns } from "../../sessions/session-store.ts";

/** A message about a user: that there was one, not what it said. */
export interface SentMessage {
  readonly id: string;
  /** The template of an e-mail, or the type of an event. */
  readonly topic: string;
  readonly createdAt: Date;
  /** Null where it has not been sent, or not yet. */
  readonly sentAt: Date | null;
}

export interface PendingEmailChange {
  readonly email: string;
  readonly boundTo: Buffer | null;
}

/** What is kept of one user beside the account and the audit trail. Nothing here is asked for often enough to be prepared. */
export interface ExportStore {
  /** Newest first, ended ones included. */
  findSessions(userId: string, limit: number): Promise<Session[]>;
  /** Newest first. */
  findMessages(userId: string, limit: number): Promise<SentMessage[]>;
  findPendingEmailChange(userId: string, now: Date): Promise<PendingEmailChange | undefined>;
}

export function createExportStore(database: Database): ExportStore {
  return {
    findSessions: async (userId, limit) =>
      await database.select(sessionColumns).from(sessions).where(eq(sessions.userId, userId)).orderBy(desc(sessions.id)).limit(limit),
    async findMessages(userId, limit) {
      const rows = await database
        .select({ id: outbox.id, topic: outbox.topic, createdAt: outbox.createdAt, state: outbox.state, finishedAt: outbox.finishedAt })
        .from(outbox)
        .where(eq(outbox.userId, userId))
        .orderBy(desc(outbox.id))
        .limit(limit);
      return rows.map(({ state, finishedAt, ...message }) => ({ ...message, sentAt: state === "SENT" ? finishedAt : null }));
    },
    async findPendingEmailChange(userId, now) {
      const isLive = and(eq(oneTimeTokens.userId, userId), eq(oneTimeTokens.purpose, "CHANGE_EMAIL"), gt(oneTimeTokens.expiresAt, now));
      const rows = await database.select({ email: oneTimeTokens.email, boundTo: oneTimeTokens.boundTo }).from(oneTimeTokens).where(isLive);
      const [row] = rows;
      return row?.email == null ? undefined : { email: row.email, boundTo: row.boundTo };
    },
  };
}
