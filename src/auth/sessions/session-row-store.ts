import type { Statements } from "../../database/database.ts";
import type { Account } from "../users/account-store.ts";
import type { Session } from "./session-state.ts";

/** What a refresh answers from: a live session and the user whose it is. */
export interface SessionOfAccount {
  readonly session: Session;
  readonly account: Account;
}

/** The columns of `sessions` that say what a session is but for its end, in statements that Drizzle cannot express. */
export function sessionRowColumns({ $sql: sql }: Pick<Statements, "$sql">) {
  return sql`
    sessions.id, sessions.user_id, sessions.created_at, sessions.last_used_at, sessions.idle_expires_at, sessions.expires_at,
    sessions.ip_address, sessions.user_agent`;
}

/** The columns of a live session joined with its user. */
export function sessionOfAccountColumns(database: Pick<Statements, "$sql">) {
  return database.$sql`${sessionRowColumns(database)}, ${accountRowColumns(database)}`;
}

/** Those of the user alone, who can sign in; the id comes as `user_id`. */
export function accountRowColumns(database: Pick<Statements, "$sql">) {
  return database.$sql`email, email_verified, roles, version, users.created_at as user_created_at, last_login_at`;
}

/** Instants arrive as text: Drizzle switches the driver's own date parsing off. */
export interface SessionRow {
  id: string;
  user_id: string;
  created_at: string;
  last_used_at: string;
  idle_expires_at: string;
  expires_at: string;
  ip_address: string | null;
  user_agent: string | null;
}

export interface AccountRow {
  user_id: string;
  email: string;
  email_verified: boolean;
  roles: string[];
  version: number;
  user_created_at: string;
  last_login_at: string | null;
}

export type SessionOfAccountRow = SessionRow & AccountRow;

export function readSession(row: SessionRow, { endedAt, endReason }: Pick<Session, "endedAt" | "endReason">): Session {
  return {
    id: row.id,
    userId: row.user_id,
    createdAt: new Date(row.created_at),
    lastUsedAt: new Date(row.last_used_at),
    idleExpiresAt: new Date(row.idle_expires_at),
    expiresAt: new Date(row.expires_at),
    endedAt,
    endReason,
    ipAddress: row.ip_address,
    userAgent: row.user_agent,
  };
}

const NOT_ENDED = { endedAt: null, endReason: null };

export function readSessionOfAccount(row: SessionOfAccountRow): SessionOfAccount {
  return { session: readSession(row, NOT_ENDED), account: readAccountRow(row) };
}

export function readAccountRow(row: AccountRow): Account {
  return {
    id: row.user_id,
    email: row.email,
    emailVerified: row.email_verified,
    roles: row.roles,
    status: "ACTIVE",
    version: row.version,
    createdAt: new Date(row.user_created_at),
    lastLoginAt: row.last_login_at === null ? null : new Date(row.last_login_at),
    // Asking for an erasure ends every session, and none is opened before it is taken back.
    erasureAt: null,
  };
}
