import type { Database } from "../database/database.ts";
import { createAccountStore } from "./accounts/account-store.ts";
import { createEndEverybody, type EndEverybody } from "./accounts/end-everybody.ts";
import { type CreateFirstAdmin, createFirstAdminMaker } from "./accounts/first-admin.ts";
import { createOperatorAccounts, type OperatorAccounts } from "./accounts/operator-accounts.ts";
import type { Audit } from "./audit/audit.ts";
import type { Clock } from "./clock.ts";
import { loadCommonPasswords } from "./passwords/password-policy.ts";
import { createPasswordHasher, type PasswordParts } from "./passwords/passwords.ts";
import type { Random } from "./random.ts";
import { createRevocationWriter } from "./revocations/revocations.ts";
import { createEndSessions } from "./sessions/end-sessions.ts";

/** What whoever runs the server may do to accounts. It serves nobody, so it needs neither keys nor the revocation feed. */
export interface Operator {
  readonly accounts: OperatorAccounts;
  readonly createFirstAdmin: CreateFirstAdmin;
  readonly endEverybody: EndEverybody;
}

export interface OperatorWorld {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: PasswordParts;
}

export function createOperator(
  world: OperatorWorld,
  options: { accessTokenTtlSeconds: number; serviceNames: readonly string[] },
): Operator {
  const { database, audit, clock, random, hashing } = world;
  const passwords = createPasswordHasher(hashing);
  const commonPasswords = loadCommonPasswords(options.serviceNames);
  const revocations = createRevocationWriter(clock);
  const endSessions = createEndSessions({ revocations, clock, random }, options);
  const store = createAccountStore(database);
  return {
    accounts: createOperatorAccounts({ store, passwords, commonPasswords, endSessions, audit, clock, random }),
    endEverybody: createEndEverybody({ database, audit, revocations, endSessions, random }),
    createFirstAdmin: createFirstAdminMaker({ database, passwords, commonPasswords, audit, clock, random }),
  };
}
