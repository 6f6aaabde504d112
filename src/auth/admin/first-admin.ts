import { noClient } from "../../core/client-info.ts";
import type { Database } from "../../database/database.ts";
import { type Credentials, readNewCredentials } from "../accounts/password/credentials.ts";
import type { CommonPasswords } from "../passwords/password-policy.ts";
import { hasAnyAdmin, lockAdmins } from "../users/admin-store.ts";
import type { Transact } from "../work/unit-of-work.ts";
import { insertAdmin, type NewAdminParts, newAdmin } from "./new-admin.ts";

/** Throws BAD_USER_INPUT. */
export type CreateFirstAdmin = (credentials: Credentials) => Promise<"created" | "not_needed" | "address_taken">;

export interface FirstAdminParts extends NewAdminParts {
  readonly database: Database;
  readonly commonPasswords: CommonPasswords;
  readonly transact: Transact;
}

/** Only where nobody is an admin, not even a disabled one. Changes no account that exists. */
export function createFirstAdminMaker(parts: FirstAdminParts): CreateFirstAdmin {
  const { database, commonPasswords, transact } = parts;
  return async (credentials) => {
    // Before anything is judged or hashed: this is asked at every start, and what is not needed must not stop one.
    if (await hasAnyAdmin(database)) return "not_needed";
    const account = await newAdmin(parts, readNewCredentials(credentials, commonPasswords));
    return transact(noClient, async (unit) => {
      await lockAdmins(unit.tx);
      if (await hasAnyAdmin(unit.tx)) return "not_needed";
      return (await insertAdmin(unit, account, "configuration")) ? "created" : "address_taken";
    });
  };
}
