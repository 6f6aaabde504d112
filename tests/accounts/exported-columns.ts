import type { Purged } from "../../src/auth/purge/purge.ts";
import type { ExportAccountQuery } from "../generated/operations.ts";

export type Export = NonNullable<ExportAccountQuery["exportAccount"]>;

export const eventsIn = (exported: Export) => exported.auditEvents.edges.map(({ node }) => node);

/**
 * Every column of every table: where the export shows it, given the row, or why it does not. A table or a column that is not here fails the
 * test: whoever adds one decides whether it is a user's, and whether erasing takes it.
 */
type Shown = (exported: Export, row: Record<string, unknown>) => unknown;

const leftOut = (why: string) => why;

const secret = leftOut("a secret, or made of one");

const internal = leftOut("how it is kept, not what");

const unwritten = leftOut("nothing writes it yet");

const erasing = leftOut("of an account that is being erased, which nobody can export");

const ofNobody = leftOut("tells of no user");

const session = (exported: Export, row: Record<string, unknown>) => exported.sessions.find(({ id }) => id === row.id);

/** A session is not told when it was itself last used. */
function unlessCurrent(exported: Export, row: Record<string, unknown>, shown: (of: Export["sessions"][number]) => unknown): unknown {
  const found = session(exported, row);
  if (found === undefined) throw new Error("a session is missing in the export");
  return found.current ? undefined : shown(found);
}

const event = (exported: Export, row: Record<string, unknown>) => eventsIn(exported).find(({ id }) => id === row.id);

const message = (exported: Export, row: Record<string, unknown>) => exported.messages.find(({ id }) => id === row.id);

export const kept: Readonly<Record<string, Readonly<Record<string, Shown | string>>>> = {
  users: {
    id: ({ user }) => user.id,
    email: ({ user }) => user.email,
    email_key: leftOut("the address in another spelling"),
    email_verified: ({ user }) => user.emailVerified,
    password_hash: secret,
    roles: ({ user }) => user.roles,
    status: ({ user }) => user.status,
    version: internal,
    created_at: ({ user }) => user.createdAt,
    last_login_at: ({ user }) => user.lastLoginAt,
    erasure_at: ({ user }) => user.erasureAt,
  },
  email_addresses: {
    email_key: leftOut("the address in another spelling, or one that was given up; the audit events show that"),
    user_id: ({ user }) => user.id,
    state: internal,
    until: leftOut("the message to the former address says it"),
  },
  account_erasures: { user_id: erasing, pseudonym: erasing, session_secret: erasing, begun_at: erasing },
  sessions: {
    id: (exported, row) => session(exported, row)?.id,
    user_id: ({ user }) => user.id,
    family_hash: secret,
    current_hash: secret,
    previous_hash: secret,
    rotation_nonce: secret,
    retry_hash: secret,
    rotation_client: internal,
    followed_generation: internal,
    generation: internal,
    opened_version: internal,
    rotated_at: internal,
    created_at: (exported, row) => session(exported, row)?.createdAt,
    last_used_at: (exported, row) => unlessCurrent(exported, row, ({ lastUsedAt }) => lastUsedAt) ?? row.last_used_at,
    idle_expires_at: (exported, row) => unlessCurrent(exported, row, ({ idleExpiresAt }) => idleExpiresAt) ?? row.idle_expires_at,
    expires_at: (exported, row) => session(exported, row)?.expiresAt,
    access_expires_at: internal,
    ended_at: (exported, row) => session(exported, row)?.endedAt,
    end_reason: (exported, row) => session(exported, row)?.endReason,
    ip_address: (exported, row) => session(exported, row)?.ipAddress,
    user_agent: (exported, row) => session(exported, row)?.userAgent,
  },
  session_ends: {
    id: internal,
    user_id: leftOut("goes when the sessions that it has ended are marked; the sessions show it"),
    opened_below: internal,
    ended_at: internal,
    end_reason: internal,
    actor_id: internal,
  },
  session_ends_of_everybody: {
    id: ofNobody,
    id_below: ofNobody,
    ended_at: ofNobody,
    end_reason: ofNobody,
    actor_id: ofNobody,
    marked_until: ofNobody,
    walks: ofNobody,
  },
  identity_subjects: { issuer: unwritten, subject: unwritten, user_id: unwritten },
  audit_events: {
    id: (exported, row) => event(exported, row)?.id,
    type: (exported, row) => event(exported, row)?.type,
    occurred_at: (exported, row) => event(exported, row)?.occurredAt,
    user_id: (exported, row) => event(exported, row)?.userId,
    actor_id: (exported, row) => event(exported, row)?.actorId,
    session_id: (exported, row) => event(exported, row)?.sessionId,
    ip_address: (exported, row) => event(exported, row)?.ipAddress,
    user_agent: (exported, row) => event(exported, row)?.userAgent,
    succeeded: (exported, row) => event(exported, row)?.succeeded,
    detail: (exported, row) => JSON.parse(event(exported, row)?.detail ?? "null"),
  },
  outbox: {
    id: (exported, row) => message(exported, row)?.id,
    channel: internal,
    awaited: internal,
    topic: (exported, row) => message(exported, row)?.topic,
    user_id: ({ user }) => user.id,
    encrypted_payload: secret,
    created_at: (exported, row) => message(exported, row)?.createdAt,
    expires_at: internal,
    state: internal,
    attempts: internal,
    next_attempt_at: internal,
    // In development messages are kept, which is the end of them, too.
    finished_at: (exported, row) => (row.state === "SENT" ? message(exported, row)?.sentAt : row.finished_at),
    problem: internal,
  },
  one_time_tokens: {
    id: internal,
    purpose: internal,
    user_id: ({ user }) => user.id,
    has_account: internal,
    email: ({ pendingEmail }) => pendingEmail,
    email_key: leftOut("the address in another spelling"),
    token_hash: secret,
    code_hash: secret,
    attempt_hash: secret,
    code_tries: internal,
    bound_to: secret,
    is_contested: leftOut("what somebody else did"),
    created_at: internal,
    expires_at: internal,
  },
  known_devices: {
    user_id: ({ user }) => user.id,
    fingerprint: leftOut("a hash that cannot be read back; the sessions show what it is made of"),
    first_seen_at: leftOut("the sessions and the audit events show it"),
  },
  recent_notices: {
    user_id: ({ user }) => user.id,
    topic: leftOut("the messages show it"),
    told_at: leftOut("the messages show it"),
    last_told_at: leftOut("the messages show it"),
  },
  rate_limits: { key: ofNobody, slots: ofNobody, calls: ofNobody, told_until: ofNobody, ends_at: ofNobody },
  revocations: {
    kind: internal,
    subject_id: leftOut("goes when the last token has expired; the audit events show what it is about"),
    version: internal,
    revoked_at: internal,
    expires_at: internal,
    transaction_id: internal,
  },
  signing_keys: {
    kid: ofNobody,
    algorithm: ofNobody,
    public_jwk: ofNobody,
    encrypted_private_key: ofNobody,
    created_at: ofNobody,
    signs_from: ofNobody,
  },
  user_imports: { file_hash: ofNobody, last_line: ofNobody, imported: ofNobody, started_at: ofNobody, finished_at: ofNobody },
};

/** What deletes old rows of each table: what the purge counts them as, or what else deletes them, or why nothing does. */
export const purgedBy: Readonly<Record<string, keyof Purged | { readonly otherwise: string }>> = {
  users: { otherwise: "stays until the user asks for the erasure" },
  email_addresses: "reservations",
  account_erasures: { otherwise: "goes with the user's row" },
  sessions: "sessions",
  session_ends: { otherwise: "goes when the sessions that it has ended are marked" },
  session_ends_of_everybody: { otherwise: "goes when the sessions that it has ended are marked" },
  identity_subjects: { otherwise: "goes with the user" },
  audit_events: "auditEvents",
  outbox: "messages",
  one_time_tokens: "oneTimeTokens",
  known_devices: "knownDevices",
  recent_notices: "recentNotices",
  rate_limits: "rateLimits",
  revocations: "revocations",
  signing_keys: { otherwise: "goes with the maintenance of keys" },
  user_imports: { otherwise: "one row a file, by which an import goes on where it stopped" },
};
