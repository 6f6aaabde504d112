import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import type { ReadCredentials } from "../accounts/password/credentials.ts";
import { newAccount } from "../accounts/registration/new-account.ts";
import type { AuditFacts } from "../audit/audit.ts";
import type { PasswordHasher } from "../passwords/passwords.ts";
import type { Account } from "../users/account-store.ts";
import { ADMIN_ROLE } from "../users/admin-store.ts";
import { insertAccount, type NewAccount } from "../users/new-account-store.ts";
import type { UnitOfWork } from "../work/unit-of-work.ts";

/** Who decided: somebody at a shell, the configuration at the start, or a file of users. No user of ours either way. */
export type DecidedBy = "operator" | "configuration" | "import";

export interface NewAdminParts {
  readonly passwords: PasswordHasher;
  readonly clock: Clock;
  readonly random: Random;
}

export async function newAdmin(parts: NewAdminParts, { email, password }: ReadCredentials): Promise<NewAccount> {
  const passwordHash = await parts.passwords.hash(password, null);
  const now = parts.clock();
  const facts = { id: parts.random.id(now), email, passwordHash, roles: ["user", ADMIN_ROLE], createdAt: now, lastLoginAt: null };
  // Whoever runs the server vouches for the address.
  return newAccount({ ...facts, emailVerified: true });
}

/** To be called under `lockAdmins`. False where the address is taken. */
export async function insertAdmin({ tx, record }: UnitOfWork, account: NewAccount, by: DecidedBy): Promise<boolean> {
  if (!(await insertAccount(tx, account))) return false;
  await record([{ type: "REGISTERED", userId: account.id, detail: { by } }, rolesChanged(account, by)]);
  return true;
}

export function rolesChanged({ id, roles }: Pick<Account, "id" | "roles">, by: DecidedBy): AuditFacts {
  return { type: "ROLES_CHANGED", userId: id, detail: { by, roles } };
}
