import type { Database } from "../database/database.ts";
import { createAccountStore } from "./accounts/account-store.ts";
import { type Accounts, createAccounts } from "./accounts/accounts.ts";
import { type Audit, type AuditLog, createAudit } from "./audit/audit.ts";
import type { Clock } from "./clock.ts";
import type { PasswordEngine } from "./passwords/password-engine.ts";
import { loadCommonPasswords } from "./passwords/password-policy.ts";
import { createPasswords } from "./passwords/passwords.ts";
import type { Random } from "./random.ts";
import { createLogout } from "./sessions/logout.ts";
import { createOpenSession } from "./sessions/open-session.ts";
import { createRefresh } from "./sessions/refresh.ts";
import { createRevocations } from "./sessions/revocations.ts";
import type { SessionOptions, Sessions } from "./sessions/sessions.ts";
import { createIssuer } from "./tokens/access-token-issuer.ts";
import { createVerifier } from "./tokens/access-token-verifier.ts";
import type { AccessTokenOptions, AccessTokens } from "./tokens/access-tokens.ts";
import type { SigningKeys } from "./tokens/signing-keys.ts";

/** The domain: it knows neither GraphQL nor HTTP. */
export interface Auth {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly accessTokens: AccessTokens;
  readonly signingKeys: SigningKeys;
}

/** The outside world, as parameters. */
export interface World {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly passwordEngine: PasswordEngine;
  readonly log: AuditLog;
}

export interface AuthOptions {
  readonly accessTokens: AccessTokenOptions;
  readonly sessions: SessionOptions;
  /** Keys may live in the database and audit their rotation, so they are made from the parts made here. */
  readonly createKeys: (parts: { database: Database; audit: Audit; clock: Clock }) => SigningKeys;
}

/** The only place that wires the domain together. Reads keys and revocations before it answers. */
export async function createAuth(world: World, options: AuthOptions): Promise<Auth> {
  const { database, clock, random, passwordEngine, log } = world;
  const audit = createAudit({ database, clock, random, log });
  const signingKeys = options.createKeys({ database, audit, clock });
  const revocations = createRevocations({ database, clock, random });
  const accountStore = createAccountStore(database);
  const sessionParts = { database, accounts: accountStore, audit, revocations, clock, random };
  const sessions: Sessions = {
    open: createOpenSession(sessionParts, options.sessions),
    refresh: createRefresh(sessionParts, options.sessions),
    logout: createLogout(sessionParts),
  };
  const passwords = await createPasswords(passwordEngine, random);
  const commonPasswords = loadCommonPasswords();
  const accounts = createAccounts({ store: accountStore, passwords, commonPasswords, sessions, audit, clock, random });
  const tokenParts = { keys: signingKeys, revocations, clock, random };
  const accessTokens: AccessTokens = {
    issue: createIssuer(tokenParts, options.accessTokens),
    verify: createVerifier(tokenParts, options.accessTokens),
  };
  await signingKeys.maintain();
  signingKeys.signer();
  await revocations.load();
  return { accounts, sessions, accessTokens, signingKeys };
}
