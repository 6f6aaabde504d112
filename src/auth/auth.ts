import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import type { Database } from "../database/database.ts";
import { createOutbox, createPayloads, type Outbox } from "../outbox/outbox.ts";
import { type AccountServices, createAccountServices } from "./accounts/account-services.ts";
import { type AccountHooks, createAskForClaims } from "./accounts/registration/account-hooks.ts";
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
import { createRevocations, type RevocationParts, type Revocations } from "./revocations/revocations.ts";
import { createSessions } from "./sessions/create-sessions.ts";
import { createEndSessions, type EndSessions } from "./sessions/ending/end-sessions.ts";
import { createMarkEndedSessions, type MarkEndedSessions } from "./sessions/ending/mark-ended-sessions.ts";
import { createSessionWatch, type SessionWatch, wakeOnAudit } from "./sessions/live/session-watch.ts";
import type { SignInOptions } from "./sessions/opening/sign-in.ts";
import { createSessionListStore } from "./sessions/session-list-store.ts";
import { createSessionLists, type SessionLists } from "./sessions/session-lists.ts";
import type { Sessions } from "./sessions/sessions.ts";
import { createIssuer } from "./tokens/access-token-issuer.ts";
import { createVerifier } from "./tokens/access-token-verifier.ts";
import type { AccessTokenOptions, AccessTokenParts, AccessTokens } from "./tokens/access-tokens.ts";
import { type Callers, createCallers } from "./tokens/callers.ts";
import type { SigningKeys } from "./tokens/keys/signing-keys.ts";
import { createOtherIssuers, type OtherIssuerOptions, type OtherIssuerParts } from "./tokens/other-issuers/other-issuers.ts";
import { checkTokenSize } from "./tokens/token-size.ts";
import type { AccountOptions } from "./users/account-options.ts";
import { type AccountStore, createAccountStore } from "./users/account-store.ts";
import { createNotices } from "./users/notices.ts";
import { createTransact, type Transact } from "./work/unit-of-work.ts";

/** What only reads, and leaves it to the caller to know who may. */
interface Readers {
  readonly directory: AccountDirectory;
  readonly auditTrail: AuditTrail;
  readonly sessionLists: SessionLists;
}

/** The domain: it knows neither GraphQL nor HTTP. */
export interface Auth extends Readers {
  readonly accounts: AccountServices["accounts"];
  readonly accountLife: AccountServices["accountLife"];
  readonly mailedProofs: AccountServices["mailedProofs"];
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
  /** The same or a replica of it, which may be behind: for what is only listed. */
  readonly replica: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: PasswordParts;
  /** Of `listCommonPasswords`. */
  readonly commonPasswords: ReadonlySet<string>;
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
  readonly onIssuerChange: OtherIssuerParts["onIssuerChange"];
}

export interface AuthOptions {
  readonly accessTokens: AccessTokenOptions;
  /** Others whose access tokens are taken for graphs behind the gateway. */
  readonly otherIssuers: Pick<OtherIssuerOptions, "issuers" | "mayAsk">;
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
  readonly createKeys: (parts: { database: Database; transact: Transact; clock: Clock }) => SigningKeys;
}

/** Wires the domain together for a server. Reads keys and revocations before it answers. */
export async function createAuth(world: World, options: AuthOptions): Promise<Auth> {
  const { database, replica, clock, random, hooks } = world;
  const { revocations, feed, sessionWatch, ...work } = createWork(world, options);
  const { audit, transact } = work;
  const signingKeys = options.createKeys({ database, transact, clock });
  const accountStore = createAccountStore(database);
  const endSessions = createEndSessions({ clock, random }, options.sessions);
  const { sessions, settle, ...accounts } = await createSessionsAndAccounts(world, { ...work, accountStore, endSessions }, options);
  const administration = createAdministration({ transact, endSessions }, { roles: new Set(options.accessTokens.roles.keys()) });
  const { accessTokens, callers } = createTokens({ keys: signingKeys, revocations, clock, random }, world, options);
  const limitStores = await openLimitStores(database, { ...options, onStoreChange: world.onLimitStoreChange });
  const callLimits = createCallLimits({ stores: limitStores, audit, clock, onRefusal: world.onRefusal }, options);
  await signingKeys.maintain();
  signingKeys.signer();
  if (hooks.claims !== undefined) checkTokenSize(accessTokens.issue, { roles: [...options.accessTokens.roles.keys()], now: clock() });
  await feed.start();
  return {
    ...createReaders({ database, replica }, { accounts: accountStore, clock, ...options.sessions }),
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
    purge: createPurge({ database, clock }, options.purge),
    markEndedSessions: createMarkEndedSessions({ database, transact, clock }),
    async close() {
      sessionWatch.stop();
      await Promise.all([callLimits.close(), settle(), feed.stop()]);
    },
  };
}

/** How changes are written, and what follows their commit: refusals, log, messages, and a look at watched sessions. */
function createWork(world: World, options: Pick<AuthOptions, "secrets" | "revocationMaxLagSeconds">) {
  const { database, clock, random, openListeningConnection: open, stopwatch, onFeedChange: onChange } = world;
  const feedWorld = { open, schema: database.$schema, stopwatch, onChange, clock };
  const feedOptions = { maxLagSeconds: options.revocationMaxLagSeconds };
  const createFeed: RevocationParts["createFeed"] = (apply) => createRevocationFeed({ ...feedWorld, apply }, feedOptions);
  const { revocations, feed } = createRevocations({ database, clock, createFeed });
  const sessionWatch = createSessionWatch({ database, clock, revocations });
  const outbox = createOutbox({ payloads: createPayloads(options.secrets), clock, random });
  const news = { outbox, messagesOf: world.messagesOf };
  const audit = createAudit({ database, clock, random, log: wakeOnAudit(sessionWatch, world.log), news });
  const transact = createTransact({ database, audit, outbox, clock, apply: revocations.apply });
  return { revocations, feed, sessionWatch, outbox, audit, transact };
}

interface PeopleParts {
  readonly accountStore: AccountStore;
  readonly audit: Audit;
  readonly transact: Transact;
  readonly outbox: Outbox;
  readonly endSessions: EndSessions;
}

async function createSessionsAndAccounts(
  { database, clock, random, hashing, commonPasswords, hooks }: World,
  { accountStore, audit, transact, outbox, endSessions }: PeopleParts,
  options: Pick<AuthOptions, "sessions" | "accounts" | "secrets">,
) {
  const notices = createNotices({ clock, outbox }, options.accounts);
  const askForClaims = createAskForClaims(hooks);
  const parts = { database, audit, transact, endSessions, notices, askForClaims, clock, random };
  const sessions = createSessions(parts, options.sessions);
  const services = createAccountServices(
    {
      ...parts,
      store: accountStore,
      sessions,
      oneTimeTokens: createOneTimeTokens({ clock, random, secrets: options.secrets }),
      passwords: await createPasswords(hashing, random),
      commonPasswords: loadCommonPasswords(options.accounts.serviceNames, commonPasswords),
      hooks,
    },
    options.accounts,
  );
  return { sessions, ...services };
}

function createTokens(
  parts: AccessTokenParts,
  { onIssuerChange }: Pick<World, "onIssuerChange">,
  options: Pick<AuthOptions, "accessTokens" | "otherIssuers">,
): Pick<Auth, "accessTokens" | "callers"> {
  const accessTokens = { issue: createIssuer(parts, options.accessTokens), verify: createVerifier(parts, options.accessTokens) };
  const hasOthers = options.otherIssuers.issuers.length > 0;
  const issuerOptions = { ...options.otherIssuers, scopesByRole: options.accessTokens.roles };
  const otherIssuers = hasOthers ? createOtherIssuers({ clock: parts.clock, onIssuerChange }, issuerOptions) : undefined;
  return { accessTokens, callers: createCallers(accessTokens, otherIssuers) };
}

interface ReaderParts {
  readonly accounts: AccountStore;
  readonly clock: Clock;
  readonly refreshGraceSeconds: number;
}

function createReaders(
  { database, replica }: Pick<World, "database" | "replica">,
  { accounts, clock, refreshGraceSeconds }: ReaderParts,
): Readers {
  return {
    directory: createAccountDirectory({
      accounts,
      store: createAccountDirectoryStore(replica),
      countOtherRoles: createCountOtherRoles(database),
    }),
    auditTrail: createAuditTrail({ store: createAuditTrailStore(replica), clock, refreshGraceSeconds }),
    sessionLists: createSessionLists({ store: createSessionListStore(database), clock }),
  };
}
