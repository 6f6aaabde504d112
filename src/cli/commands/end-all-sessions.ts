import { countSessions, withOperator } from "../parts/accounts.ts";
import type { Command } from "../parts/command.ts";
import { CommandError } from "../parts/command-error.ts";
import { count } from "../parts/count.ts";
import { createProgress } from "../parts/progress.ts";

export const endAllSessions: Command = {
  name: "end-all-sessions",
  arguments: [],
  options: { role: { value: "ROLE", summary: "Signs out those alone who have this role, one after another." } },
  flags: {},
  summary: "Signs everybody out.",
  description: `Every refresh token and every access token is refused from now on, in every running server at once: all sign in again. It
takes the same moment for a million users as for one; the sessions' rows, and the audit event and the webhook of each,
follow within minutes, written by the servers. With --role it takes a few milliseconds for each user.`,
  takesPassword: false,
  async run({ options }) {
    const role = options.get("role");
    return role === undefined ? endAll() : endAllOfRole(role);
  },
};

async function endAll(): Promise<string> {
  await withOperator(({ endEverybody }) => endEverybody.endAll());
  return "Signed everybody out.\n";
}

async function endAllOfRole(role: string): Promise<string> {
  const progress = createProgress(process.stderr, () => performance.now());
  let done = 0;
  const { users, endedSessions } = await withOperator(async ({ endEverybody }, { config: { roles } }) => {
    const total = await endEverybody.endAllOfRole(role, () => {
      done += 1;
      progress.show(`Signed out ${count(done, "user")}.`);
    });
    // A role that was taken out of the configuration stays with its users.
    if (total.users > 0 || roles.has(role)) return total;
    throw new CommandError(`Nobody has the role ${role}. Those of the configuration are ${[...roles.keys()].join(", ")}.`);
  });
  progress.end();
  return `Signed out ${count(users, "user")} and ended ${countSessions(endedSessions)}.\n`;
}
