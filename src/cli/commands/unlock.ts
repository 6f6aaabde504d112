import { openOperatorCounts } from "../../auth/limits/operator-counts.ts";
import { keysOfAccount } from "../../graphql/policies/account-limits.ts";
import { explainRefusal, withOperator } from "../parts/accounts.ts";
import type { Command } from "../parts/command.ts";
import { CommandError } from "../parts/command-error.ts";

export const unlock: Command = {
  name: "unlock",
  arguments: ["EMAIL"],
  flags: {},
  summary: "Lifts what limits have locked an account for.",
  description: `Forgets the passwords, the codes and the messages that were counted for the account, in REDIS_URL where that is set: its
owner can sign in again, within a second in every running server. What is counted for the addresses that called goes on. A
disabled account stays disabled.`,
  takesPassword: false,
  async run({ arguments: [email = ""] }) {
    const account = await withOperator(async ({ accounts }, { config, database }) => {
      const counts = await openOperatorCounts(database, config.redisUrl).catch((cause: unknown) => {
        throw new CommandError("Redis at REDIS_URL is out of reach: nothing was unlocked.", { cause });
      });
      try {
        const unlocked = await accounts.unlock(email);
        await counts.forget(keysOfAccount(unlocked));
        return unlocked;
      } finally {
        await counts.close();
      }
    }).catch(explainRefusal);
    return `Unlocked ${account.email}.\n`;
  },
};
