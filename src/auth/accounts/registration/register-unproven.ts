import type { ClientInfo } from "../../../core/client-info.ts";
import type { Clock } from "../../../core/clock.ts";
import { AuthError, noMail } from "../../../core/errors.ts";
import type { Random } from "../../../core/random.ts";
import type { AuditFacts } from "../../audit/audit.ts";
import type { PasswordHasher } from "../../passwords/passwords.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import { insertAccount } from "../../users/new-account-store.ts";
import type { Transact } from "../../work/unit-of-work.ts";
import type { ReadCredentials } from "../password/credentials.ts";
import { newAccount } from "./new-account.ts";
import { type AddressedAccount, lockAccountOfAddress } from "./proof-store.ts";
import type { SendVerification } from "./verification-messages.ts";

/**
 * Registers somebody who has to prove the address before they sign in. Always ends in EMAIL_NOT_VERIFIED, after the same statements and one
 * message, whether the address is new, waits for its proof, or has been proven: only its owner learns which (OWASP ASVS 5.0: 6.3.8).
 */
export type RegisterUnproven = (credentials: ReadCredentials, roles: readonly string[], client: ClientInfo) => Promise<never>;

export interface RegisterUnprovenParts {
  readonly passwords: PasswordHasher;
  readonly sendVerification: SendVerification;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly random: Random;
}

export function createRegisterUnproven(parts: RegisterUnprovenParts, { canMail, links }: AccountOptions): RegisterUnproven {
  const { passwords, sendVerification, transact, clock, random } = parts;
  const otherwise = { template: "already_registered", facts: { link: links.forgottenPassword } } as const;

  return async ({ email, password }, roles, client) => {
    if (!canMail) throw noMail();
    const passwordHash = await passwords.hash(password, client.ipAddress);
    const now = clock();
    const fresh = newAccount({ id: random.id(now), email, passwordHash, roles, createdAt: now, lastLoginAt: null });
    const attempt = await transact(client, async (unit) => {
      const isNew = await insertAccount(unit.tx, fresh);
      const account = await lockAccountOfAddress(unit.tx, email.key);
      const issued = await sendVerification(unit, { address: email, account, otherwise, isContested: !isNew });
      await unit.record(isNew ? { type: "REGISTERED", userId: fresh.id, actorId: fresh.id } : refusalOf(account));
      return issued;
    });
    throw new AuthError("EMAIL_NOT_VERIFIED", { attempt });
  };
}

function refusalOf(account: AddressedAccount | undefined): AuditFacts {
  const reason = account?.emailVerified === false ? "address_unverified" : "address_taken";
  return { type: "REGISTERED", userId: account?.id ?? null, succeeded: false, detail: { reason } };
}
