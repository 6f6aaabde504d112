import { countSessions, noteIfDisabled, withAccounts } from "../parts/accounts.ts";
import type { Command } from "../parts/command.ts";
import { readNewPassword } from "../parts/new-password.ts";

export const setPassword: Command = {
  name: "set-password",
  arguments: ["EMAIL"],
  flags: {},
  summary: "Replaces the password of an account.",
  description: "Ends all sessions of the account, in every running server at once: whoever knew the old password is signed out.",
  takesPassword: true,
  async run({ arguments: [email = ""] }) {
    const password = await readNewPassword();
    const { account, endedSessions } = await withAccounts((accounts) => accounts.setPassword({ email, password }));
    return `Set the password of ${account.email} and ended ${countSessions(endedSessions)}.${noteIfDisabled(account.status)}\n`;
  },
};
