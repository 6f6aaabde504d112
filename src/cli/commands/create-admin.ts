import type { OperatorAccounts } from "../../auth/admin/operator-accounts.ts";
import { AuthError } from "../../core/errors.ts";
import { countSessions, noteIfDisabled, withAccounts } from "../parts/accounts.ts";
import type { Command } from "../parts/command.ts";
import { readNewPassword } from "../parts/new-password.ts";

export const createAdmin: Command = {
  name: "create-admin",
  arguments: ["EMAIL"],
  flags: { promote: "If the address has an account already, makes that one an admin and replaces its password." },
  summary: "Creates an account that is an admin.",
  description: `Refuses an address that has an account already: a stranger may have registered it. With --promote such an account becomes an
admin, gets the new password, and all its sessions end, in every running server at once.`,
  takesPassword: true,
  async run({ arguments: [email = ""], flags }) {
    const password = await readNewPassword();
    return withAccounts((accounts) => (flags.has("promote") ? createOrPromote : create)(accounts, { email, password }), { mayBegin: true });
  },
};

async function create(accounts: OperatorAccounts, credentials: { email: string; password: string }): Promise<string> {
  const account = await accounts.createAdmin(credentials);
  return `Created the admin ${account.email}.\n`;
}

async function createOrPromote(accounts: OperatorAccounts, credentials: { email: string; password: string }): Promise<string> {
  try {
    return await create(accounts, credentials);
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== "EMAIL_TAKEN") throw error;
  }
  const { account, endedSessions } = await accounts.promoteToAdmin(credentials);
  const done = `Made ${account.email} an admin, set its new password and ended ${countSessions(endedSessions)}.`;
  return `${done}${noteIfDisabled(account.status)}\n`;
}
