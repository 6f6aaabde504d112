/**
 * Where the rows of each table are, on a database that has Citus. What belongs to a user is where that user is, so that whatever names one
 * user is asked of one node. What is unique in the whole world is spread by that. What is small, and part of many conditions, is copied to
 * every node; what is small, or has an order, stays on the coordinator.
 */
export type Place =
  | { readonly kind: "spread"; readonly column: string; readonly beside?: "users" }
  | { readonly kind: "everywhere" }
  | { readonly kind: "coordinator" };

const withUser: Place = { kind: "spread", column: "user_id", beside: "users" };
const onCoordinator: Place = { kind: "coordinator" };

/** In the order in which they are spread. */
export const places = {
  users: { kind: "spread", column: "id" },
  sessions: withUser,
  audit_events: withUser,
  known_devices: withUser,
  one_time_tokens: withUser,
  recent_notices: withUser,
  account_erasures: withUser,
  email_addresses: { kind: "spread", column: "email_key" },
  identity_subjects: { kind: "spread", column: "subject" },
  session_ends: { kind: "everywhere" },
  session_ends_of_everybody: { kind: "everywhere" },
  migrations: onCoordinator,
  outbox: onCoordinator,
  rate_limits: onCoordinator,
  revocations: onCoordinator,
  signing_keys: onCoordinator,
  user_imports: onCoordinator,
} as const satisfies Readonly<Record<string, Place>>;

export type SpreadTableName = keyof typeof places;
