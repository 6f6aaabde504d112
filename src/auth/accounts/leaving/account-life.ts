import { createSessionListStore } from "../../sessions/session-list-store.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import type { AccountParts } from "../account-parts.ts";
import { type ConfirmEmailChange, createConfirmEmailChange } from "../email-change/confirm-email-change.ts";
import { createRequestEmailChange, type RequestEmailChange } from "../email-change/request-email-change.ts";
import { createUndoEmailChange, type UndoEmailChange } from "../email-change/undo-email-change.ts";
import { createFreshLogin } from "../password/fresh-login.ts";
import { createDeleteAccount, type DeleteAccount } from "./delete-account.ts";
import { createEraseAccounts, type EraseAccounts } from "./erase-accounts.ts";
import { createExportAccount, type ExportAccount } from "./export-account.ts";
import { createExportStore } from "./export-store.ts";

/** How an account changes its address, is given back, and ends. */
export interface AccountLife {
  readonly requestEmailChange: RequestEmailChange;
  readonly confirmEmailChange: ConfirmEmailChange;
  readonly undoEmailChange: UndoEmailChange;
  readonly deleteAccount: DeleteAccount;
  readonly exportAccount: ExportAccount;
  /** The key of the address that a user has asked for, and may still confirm by code. */
  findWantedAddress(userId: string): Promise<string | undefined>;
  readonly eraseAccounts: EraseAccounts;
}

export function createAccountLife(given: AccountParts, options: AccountOptions): AccountLife {
  const { database } = given;
  const requireFreshLogin = createFreshLogin({ ...given, sessionList: createSessionListStore(database) });
  const parts = { ...given, requireFreshLogin, exportStore: createExportStore(database), options };
  return {
    requestEmailChange: createRequestEmailChange(parts),
    confirmEmailChange: createConfirmEmailChange(parts),
    undoEmailChange: createUndoEmailChange(parts),
    deleteAccount: createDeleteAccount(parts),
    exportAccount: createExportAccount(parts),
    findWantedAddress: (userId) => given.oneTimeTokens.findWantedAddress(database, userId),
    eraseAccounts: createEraseAccounts(parts),
  };
}
