import type postgres from "postgres";

/** A name with its schema, to be put into a statement of `$sql`. */
export type QualifiedName = postgres.Helper<string>;

const tables = {
  auditEvents: "audit_events",
  emailAddresses: "email_addresses",
  knownDevices: "known_devices",
  migrations: "migrations",
  oneTimeTokens: "one_time_tokens",
  outbox: "outbox",
  rateLimits: "rate_limits",
  recentNotices: "recent_notices",
  revocations: "revocations",
  sessionEnds: "session_ends",
  sessionEndsOfEverybody: "session_ends_of_everybody",
  sessions: "sessions",
  signingKeys: "signing_keys",
  userImports: "user_imports",
  users: "users",
} as const;

const functions = {
  giveBackAndReserveCalls: "give_back_and_reserve_calls",
  giveBackCalls: "give_back_calls",
  hasRoomForSession: "has_room_for_session",
} as const;

export type Tables = Readonly<Record<keyof typeof tables, QualifiedName>>;
export type Functions = Readonly<Record<keyof typeof functions, QualifiedName>>;

/** `from ${tables.users} as users`: nothing is looked for on a search_path, which belongs to the database, the role or a pooler. */
export function nameTables(sql: postgres.Sql, schema: string): Tables {
  return qualify(sql, schema, tables);
}

export function nameFunctions(sql: postgres.Sql, schema: string): Functions {
  return qualify(sql, schema, functions);
}

function qualify<Key extends string>(sql: postgres.Sql, schema: string, names: Readonly<Record<Key, string>>) {
  const entries = Object.entries<string>(names).map(([key, name]) => [key, sql(`${schema}.${name}`)]);
  return Object.fromEntries(entries) as Record<Key, QualifiedName>;
}
