import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import type { Database } from "../database/database.ts";
import { createOutbox, createPayloads } from "../outbox/outbox.ts";
import { type AccountParts, type Accounts, createAccounts } from "./accounts/accounts.ts";
import { type AccountLife, type AccountLifeParts, createAccountLife } from "./accounts/leaving/account-life.ts";
import { createRestoreAccount } from "./accounts/leaving/restore-account.ts";
import { type ChangePassword, type ChangePasswordParts, createChangePassword } from "./accounts/password/change-password.ts";
import { createRehashing } from "./accounts/password/rehashing.ts";
import { type AccountHooks, createAskForClaims } from "./accounts/registration/account-hooks.ts";
import { createMailedProofs, type MailedProofParts, type MailedProofs } from "./accounts/registration/mailed-proofs.ts";
import { createSendVerification } from "./accounts/registration/verification-messages.ts";
import { type AccountDirectory, createAccountDirectory } from "./admin/account-directory.ts";
import { createAccountDirectoryStore } from "./admin/account-directory-store.ts";
import { type Administration, createAdministration } from "./admin/administration.ts";
import { createCountOtherRoles } from "./admin/held-roles-store.ts";
import { type Audit, type AuditLog, createAudit, type News } from "./audit/audit.ts";
import { type AuditTrail, createAuditTrail } from "./audit/audit-trail.ts";
import { createAuditTrailStore } from "./audit/audit-trail-store.ts";
import { type CallLimitParts, type CallLimits, createCallLimits } from "./limits/call-limits.ts";
import { type LimitStoreOptions, openLimitStores } from "./limits/limit-stores.ts";
import { createOneTimeTokens } from "./one-time/one-time-tokens.ts";
import { loadCommonPasswords } from "./passwords/password-policy.ts";
import { createPasswords, type PasswordParts } from "./passwords/passwords.ts";
import { createPurge, type Purge, type PurgeOptions } from "./purge/purge.ts";
import { createRevocationFeed, type RevocationFeed, type RevocationFeedParts } from "./revocations/revocation-feed.ts";
import type { OpenListeningConnection } from "./revocations/revocation-reader.ts";
import { createRevocations, type Revocations } from "./revocations/revocations.ts";
import { createEndSessions, type EndSessions } from "./sessions/ending/end-sessions.ts";
import { createLogout } from "./sessions/ending/logout.ts";
import { createMarkEndedSessions, type MarkEndedSessions } from "./sessions/ending/mark-ended-sessions.ts";
import { createRevokeSessions } from "./sessions/ending/revoke-sessions.ts";
import { createSessionWatch, type SessionWatch, wakeOnAudit } from "./sessions/live/session-watch.ts";
import { createOpenSession } from "./sessions/opening/open-session.ts";
import { createSignIn } from "./sessions/opening/sign-in.ts";
import { createRefresh } from "./sessions/refresh/refresh.ts";
import { refreshWithClaims } from "./sessions/refresh/refresh-with-claims.ts";
import { createFindRefreshingAccount } from "./sessions/refresh/refreshing-account-store.ts";
import { createSessionListStore } from "./sessions/session-list-store.ts";
import { createSessionLists, type SessionLists } from "./sessions/session-lists.ts";
import type { SessionOptions, SessionParts, Sessions } from "./sessions/sessions.ts";
import { createIssuer } from "./tokens/access-token-issuer.ts";
import { createVerifier } from "./tokens/access-token-verifier.ts";
import type { AccessTokenOptions, AccessTokenParts, AccessTokens } from "./tokens/access-tokens.ts";
import { type Callers, createCallers } from "./tokens/callers.ts";
import type { AskForClaims } from "./tokens/custom-claims.ts";
import { createForeignIssuers, type ForeignIssuerOptions, type ForeignIssuerParts } from "./tokens/foreign/foreign-issuers.ts";
import type { SigningKeys } from "./tokens/keys/signing-keys.ts";
import { checkTokenSize } from "./tokens/token-size.ts";
import type { AccountOptions } from "./users/account-options.ts";
import { type AccountStore, createAccountStore } from "./users/account-store.ts";
import { createNotices } from "./users/notices.ts";

/** What only reads, and leaves it to the caller to know who may. */
interface Readers {
  readonly directory: AccountDirectory;
  readonly auditTrail: AuditTrail;
  readonly sessionLists: SessionLists;
}

/** The domain: it knows neither GraphQL nor HTTP. */
export interface Auth extends Readers {
  readonly accounts: Accounts & { readonly changePassword: ChangePassword };
  readonly accountLife: AccountLife;
  readonly mailedProofs: MailedProofs;
  readonly administration: Administration;
  readonly sessions: Sessions;
  readonly sessionWatch: SessionWatch;
  readonly accessTokens: AccessTokens;
  readonly callers: Callers;
  readonly signingKeys: SigningKeys;
  readonly revocations: Pick<Revocations, "subscribe" | "forgetExpired" | "count">;
  readonly revocationFeed: Pick<RevocationFeed, "isFresh" | "lagSeconds">;
  readonly callLimits: CallLimits;
  readonly purge: Purge;
  readonly markEndedSessions: MarkEndedSessions;
  close(): Promise<void>;
}

/** The outside world, as parameters. */
export interface World {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: PasswordParts;
  readonly log: AuditLog;
  /** The operator's own code. */
  readonly hooks: AccountHooks;
  /** What other servers are told of an event. */
  readonly messagesOf: News["messagesOf"];
  /** A connection of its own for the revocation feed. */
  readonly openListeningConnection: OpenListeningConnection;
  /** Milliseconds that only go forward. */
  readonly stopwatch: () => number;
  readonly onFeedChange: RevocationFeedParts["onChange"];
  readonly onLimitStoreChange: LimitStoreOptions["onStoreChange"];
  readonly onRefusal: CallLimitParts["onRefusal"];
  readonly onIssuerChange: ForeignIssuerParts["onIssuerChange"];
}

export interface AuthOptions {
  readonly accessTokens: AccessTokenOptions;
  /** Others whose access tokens are taken for graphs behind the gateway. */
  readonly foreignIssuers: Pick<ForeignIssuerOptions, "issuers" | "mayAsk">;
  readonly sessions: SignInOptions;
  readonly accounts: AccountOptions;
  /** `SECRET`, newest first. */
  readonly secrets: readonly [string, ...string[]];
  readonly revocationMaxLagSeconds: number;
  /** Undefined: calls are counted in PostgreSQL and in memory. */
  readonly redisUrl: string | undefined;
  readonly redisDeadlineMilliseconds?: number | undefined;
  /** Whether callers are told the name of the limit that they have met. */
  readonly tellsSetting: boolean;
  readonly purge: PurgeOptions;
  /** Keys may live in the database and audit their rotation, so they are made from the parts made here. */
  readonly createKeys: (parts: { database: Database; audit: Audit; clock: Clock }) => SigningKeys;
}

function feedWorldOf({ openListeningConnection: open, database, stopwatch, onFeedChange: onChange }: World) {
  return { open, schema: database.$schema, stopwatch, onChange };
}

/** The only place that wires the domain together. Reads keys and revocations before it answers. */
export async function createAuth(world: World, options: AuthOptions): Promise<Auth> {
  const { database, clock, random, log, hooks } = world;
  const { revocations, feed } = createRevocations({
    database,
    clock,
    createFeed: (apply) =>
      createRevocationFeed({ ...feedWorldOf(world), apply, clock }, { maxLagSeconds: options.revocationMaxLagSeconds }),
  });
  const sessionWatch = createSessionWatch({ database, clock, revocations });
  const outbox = createOutbox({ payloads: createPayloads(options.secrets), clock, random });
  const news = { outbox, messagesOf: world.messagesOf };
  const audit = createAudit({ database, clock, random, log: wakeOnAudit(sessionWatch, log), news });
  const signingKeys = options.createKeys({ database, audit, clock });
  const accountStore = createAccountStore(database);
  const askForClaims = createAskForClaims(hooks);
  const notices = createNotices({ clock, outbox }, options.accounts);
  const sessionParts = { database, accounts: accountStore, audit, revocations, notices, outbox, clock, random, askForClaims };
  const oneTimeTokens = createOneTimeTokens({ clock, random, secrets: options.secrets });
  const endSessions = createEndSessions({ revocations, clock, random }, options.sessions);
  const sessions = createSessions(sessionParts, endSessions, options.sessions);
  const accountParts = { ...sessionParts, store: accountStore, sessions, endSessions, oneTimeTokens, hooks };
  const { rehashing, ...accounts } = await createAccountsWithPasswords(world, accountParts, options.accounts);
  const administration = createAdministration({ audit, revocations, endSessions }, { roles: new Set(options.accessTokens.roles.keys()) });
  const { accessTokens, callers } = createTokens({ keys: signingKeys, revocations, clock, random }, world, options);
  const limitStores = await openLimitStores(database, { ...options, onStoreChange: world.onLimitStoreChange });
  const callLimits = createCallLimits({ stores: limitStores, audit, clock, onRefusal: world.onRefusal }, options);
  const purge = createPurge({ database, clock }, options.purge);
  await signingKeys.maintain();
  signingKeys.signer();
  if (hooks.claims !== undefined) checkTokenSize(accessTokens.issue, { roles: [...options.accessTokens.roles.keys()], now: clock() });
  await feed.start();
  const readers = createReaders(database, { accounts: accountStore, clock, ...options.sessions });
  return {
    ...readers,
    ...accounts,
    administration,
    sessions,
    sessionWatch,
    accessTokens,
    callers,
    signingKeys,
    revocations,
    revocationFeed: feed,
    callLimits,
    purge,
    markEndedSessions: createMarkEndedSessions({ database, audit, clock }),
    async close() {
      sessionWatch.stop();
      await Promise.all([callLimits.close(), rehashing.settle(), feed.stop()]);
    },
  };
}

type SignInOptions = Parameters<typeof createSignIn>[1];
type AskingSessionParts = SessionParts & { readonly askForClaims: AskForClaims };

function createSessions(parts: AskingSessionParts, endSessions: EndSessions, options: SignInOptions): Sessions {
  return {
    open: createOpenSession(parts, options),
    signIn: createSignIn({ ...parts, endSessions }, options),
    refresh: createRefreshing(parts, options),
    logout: createLogout(parts),
    ...createRevokeSessions(parts, endSessions),
  };
}

/** Without claims to ask for nothing stands between a refresh and its one statement. */
function createRefreshing(parts: AskingSessionParts, options: SessionOptions): Sessions["refresh"] {
  const { database, askForClaims, clock } = parts;
  const refresh = createRefresh(parts, options);
  if (askForClaims === undefined) return refresh;
  return refreshWithClaims(refresh, { findRefreshingAccount: createFindRefreshingAccount(database), askForClaims, clock }, options);
}

function createTokens(
  parts: AccessTokenParts,
  { onIssuerChange }: Pick<World, "onIssuerChange">,
  options: Pick<AuthOptions, "accessTokens" | "foreignIssuers">,
): Pick<Auth, "accessTokens" | "callers"> {
  const accessTokens = { issue: createIssuer(parts, options.accessTokens), verify: createVerifier(parts, options.accessTokens) };
  const hasOthers = options.foreignIssuers.issuers.length > 0;
  const foreignOptions = { ...options.foreignIssuers, scopesByRole: options.accessTokens.roles };
  const foreignIssuers = hasOthers ? createForeignIssuers({ clock: parts.clock, onIssuerChange }, foreignOptions) : undefined;
  return { accessTokens, callers: createCallers(accessTokens, foreignIssuers) };
}

type PasswordlessParts = Omit<
  AccountParts & ChangePasswordParts & MailedProofParts & AccountLifeParts,
  "passwords" | "rehashing" | "restoreAccount" | "commonPasswords" | "sendVerification"
>;

async function createAccountsWithPasswords({ database, hashing, random }: World, passwordless: PasswordlessParts, options: AccountOptions) {
  const passwords = await createPasswords(hashing, random);
  const rehashing = createRehashing({ database, passwords });
  const sendVerification = createSendVerification({ ...passwordless, links: options.links });
  const restoreAccount = createRestoreAccount(passwordless);
  const parts = {
    ...passwordless,
    passwords,
    rehashing,
    restoreAccount,
    commonPasswords: loadCommonPasswords(options.serviceNames),
    sendVerification,
  };
  const accounts = { ...createAccounts(parts, options), changePassword: createChangePassword(parts) };
  return { accounts, mailedProofs: createMailedProofs(parts, options), accountLife: createAccountLife(parts, options), rehashing };
}

interface ReaderParts {
  readonly accounts: AccountStore;
  readonly clock: Clock;
  readonly refreshGraceSeconds: number;
}

function createReaders(database: Database, { accounts, clock, refreshGraceSeconds }: ReaderParts): Readers {
  return {
    directory: createAccountDirectory({
      accounts,
      store: createAccountDirectoryStore(database),
      countOtherRoles: createCountOtherRoles(database),
    }),
    auditTrail: createAuditTrail({ store: createAuditTrailStore(database), clock, refreshGraceSeconds }),
    sessionLists: createSessionLists({ store: createSessionListStore(database), clock }),
  };
}
