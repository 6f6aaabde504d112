import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import type { Database } from "../database/database.ts";
import { createEndEverybody, type EndEverybody } from "./admin/end-everybody.ts";
import { type CreateFirstAdmin, createFirstAdminMaker } from "./admin/first-admin.ts";
import { createOperatorAccounts, type OperatorAccounts } from "./admin/operator-accounts.ts";
import { loadCommonPasswords } from "./passwords/password-policy.ts";
import { createPasswordHasher, type PasswordParts } from "./passwords/passwords.ts";
import { createEndSessions } from "./sessions/ending/end-sessions.ts";
import { createAccountStore } from "./users/account-store.ts";
import type { Transact } from "./work/unit-of-work.ts";

/** What whoever runs the server may do to accounts. It serves nobody, so it needs neither keys nor the revocation feed. */
export interface Operator {
  readonly accounts: OperatorAccounts;
  readonly createFirstAdmin: CreateFirstAdmin;
  readonly endEverybody: EndEverybody;
}

export interface OperatorWorld {
  readonly database: Database;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: PasswordParts;
}

export function createOperator(
  world: OperatorWorld,
  options: { accessTokenTtlSeconds: number; serviceNames: readonly string[] },
): Operator {
  const { database, transact, clock, random, hashing } = world;
  const passwords = createPasswordHasher(hashing);
  const commonPasswords = loadCommonPasswords(options.serviceNames);
  const endSessions = createEndSessions({ clock, random }, options);
  const store = createAccountStore(database);
  return {
    accounts: createOperatorAccounts({ store, passwords, commonPasswords, endSessions, transact, clock, random }),
    endEverybody: createEndEverybody({ database, transact, endSessions, random }),
    createFirstAdmin: createFirstAdminMaker({ database, passwords, commonPasswords, transact, clock, random }),
  };
}
