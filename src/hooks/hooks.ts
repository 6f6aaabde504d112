/**
 * What the module that `hooks.module` names may export: any of these. Each may be async, is given frozen copies of its own, and is waited
 * for no longer than `hooks.timeout`. See docs/guides/hooks.md.
 */
export interface Hooks {
  /** Claims for the user's next access token. Called before anything is done; where it fails the caller gets SERVICE_UNAVAILABLE. */
  claims?(user: HookUser): CustomClaims | Promise<CustomClaims>;
  /** Called before anybody is told whether the address is known; where it fails the caller gets SERVICE_UNAVAILABLE. */
  beforeRegister?(registration: HookRegistration): RegistrationVerdict | Promise<RegistrationVerdict>;
  /** Called after the commit of a sign-in with a password. Nobody waits for it. */
  afterLogin?(login: HookLogin): unknown;
  /** Called after the commit that ended a session; not for sessions that expire. Nobody waits for it. */
  onSessionEnded?(end: HookSessionEnd): unknown;
}

export interface HookUser {
  readonly id: string;
  /** The address as typed. */
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  readonly createdAt: Date;
}

/** JSON, at most 1 kB of it, under names that are not taken. */
export type CustomClaims = Readonly<Record<string, unknown>>;

export interface HookRegistration {
  /** The address as typed. Nobody has proven it yet. */
  readonly email: string;
  /** The address in lower case, its domain in Unicode: the same for every spelling, so rules about addresses look at this. */
  readonly emailKey: string;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

/**
 * Undefined lets the registration go on. The reason, at most 200 characters, is shown to the person who registers. Roles are added to
 * `user`; `admin` is never among them.
 */
export type RegistrationVerdict = undefined | { readonly refuse: string } | { readonly roles: readonly string[] };

interface HookEvent {
  /** The id of the audit event, by which a repetition can be recognized. */
  readonly id: string;
  readonly occurredAt: Date;
  readonly userId: string;
  readonly sessionId: string;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

export type HookLogin = HookEvent;

/** The address and the user agent are those of whoever ended it; null where no request did. */
export interface HookSessionEnd extends HookEvent {
  /** A SessionEndReason of the schema, such as LOGOUT. */
  readonly reason: string;
}
