import { Field, ID, ObjectType, registerEnumType } from "type-graphql";
import { type Session as DomainSession, endOf } from "../../auth/sessions/session-state.ts";
import { DateTime } from "./date-time.ts";

export enum SessionEndReason {
  LOGOUT = "LOGOUT",
  LOGOUT_ALL = "LOGOUT_ALL",
  REVOKED_BY_USER = "REVOKED_BY_USER",
  REVOKED_BY_ADMIN = "REVOKED_BY_ADMIN",
  REUSE_DETECTED = "REUSE_DETECTED",
  PASSWORD_CHANGED = "PASSWORD_CHANGED",
  PASSWORD_RESET = "PASSWORD_RESET",
  ADDRESS_PROVEN = "ADDRESS_PROVEN",
  EMAIL_CHANGE_UNDONE = "EMAIL_CHANGE_UNDONE",
  ACCOUNT_DELETED = "ACCOUNT_DELETED",
  USER_DISABLED = "USER_DISABLED",
  TOO_MANY_SESSIONS = "TOO_MANY_SESSIONS",
  EXPIRED = "EXPIRED",
}
registerEnumType(SessionEndReason, { name: "SessionEndReason" });

@ObjectType({
  simpleResolvers: true,
  description: "One sign-in on one device: a family of refresh tokens, each the successor of the one before.",
})
export class Session {
  @Field(() => ID)
  id!: string;

  @Field(() => Boolean, { description: "True for the session that the request's access token belongs to." })
  current!: boolean;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { description: "When it was last refreshed; of the session that asks, this minute." })
  lastUsedAt!: Date;

  @Field(() => DateTime, { description: "When it ends without use; of the session that asks, as if it were refreshed in this minute." })
  idleExpiresAt!: Date;

  @Field(() => DateTime, { description: "When it ends whatever happens." })
  expiresAt!: Date;

  @Field(() => DateTime, { nullable: true })
  endedAt!: Date | null;

  @Field(() => SessionEndReason, { nullable: true })
  endReason!: `${SessionEndReason}` | null;

  @Field(() => String, { nullable: true })
  ipAddress!: string | null;

  @Field(() => String, { nullable: true })
  userAgent!: string | null;

  /** No field of the graph: whose it is decides who may read its events. */
  userId!: string;
}

interface Seen {
  readonly now: Date;
  readonly currentSessionId: string | undefined;
}

/** A session as its caller sees it now: expiry counts as an end, though no row says so. */
export function toSession(session: DomainSession, seen: Seen): Session {
  const end = endOf(session, seen.now);
  const current = session.id === seen.currentSessionId;
  if (end !== undefined) return { ...session, ...end, current };
  return { ...session, ...(current && inUse(session, seen.now)), endedAt: null, endReason: null, current };
}

/** A session as whoever has just been given its tokens sees it. */
export function toRefreshedSession(session: DomainSession, seen: Seen): Session {
  return { ...toSession(session, { ...seen, currentSessionId: undefined }), current: session.id === seen.currentSessionId };
}

const MINUTE = 60_000;

/**
 * The session that asks is in use now. When it was last refreshed it is not told: whoever has a copy of its tokens would learn when to
 * present the old one.
 */
function inUse({ lastUsedAt, idleExpiresAt, expiresAt }: DomainSession, now: Date): Pick<DomainSession, "lastUsedAt" | "idleExpiresAt"> {
  const usedAt = Math.floor(now.getTime() / MINUTE) * MINUTE;
  const end = expiresAt.getTime();
  // Where the session's end cut it off, the difference would tell the second.
  const isCutOff = idleExpiresAt.getTime() >= end;
  const idleEnd = isCutOff ? end : Math.min(usedAt + idleExpiresAt.getTime() - lastUsedAt.getTime(), end);
  return { lastUsedAt: new Date(usedAt), idleExpiresAt: new Date(idleEnd) };
}
