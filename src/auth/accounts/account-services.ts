import type { AccountOptions } from "../users/account-options.ts";
import type { AccountParts } from "./account-parts.ts";
import { type Accounts, createAccounts } from "./accounts.ts";
import { type AccountLife, createAccountLife } from "./leaving/account-life.ts";
import { createRestoreAccount } from "./leaving/restore-account.ts";
import { type ChangePassword, createChangePassword } from "./password/change-password.ts";
import { createRehashing } from "./password/rehashing.ts";
import { createMailedProofs, type MailedProofs } from "./registration/mailed-proofs.ts";
import { createSendVerification } from "./registration/verification-messages.ts";

/** What people can do with their accounts. */
export interface AccountServices {
  readonly accounts: Accounts & { readonly changePassword: ChangePassword };
  readonly mailedProofs: MailedProofs;
  readonly accountLife: AccountLife;
  /** Waits for the passwords that are being hashed anew. */
  settle(): Promise<void>;
}

export function createAccountServices(parts: AccountParts, options: AccountOptions): AccountServices {
  const sendVerification = createSendVerification({ ...parts, links: options.links });
  const rehashing = createRehashing(parts);
  const restoreAccount = createRestoreAccount(parts);
  return {
    accounts: {
      ...createAccounts({ ...parts, sendVerification, rehashing, restoreAccount }, options),
      changePassword: createChangePassword(parts),
    },
    mailedProofs: createMailedProofs({ ...parts, sendVerification }, options),
    accountLife: createAccountLife(parts, options),
    settle: rehashing.settle,
  };
}
