import { createExportUsers, type Exported } from "../../auth/transfer/export-users.ts";
import { isDatabaseUnavailable } from "../../database/unavailable.ts";
import { openReplica } from "../../start/read-replica.ts";
import type { Command } from "../parts/command.ts";
import { CommandError } from "../parts/command-error.ts";
import { count } from "../parts/count.ts";
import { type OperatorSession, withOperatorSession } from "../parts/operator-session.ts";
import { openStandardOutput, openUsersFile } from "../parts/users-output.ts";

export const exportUsers: Command = {
  name: "export-users",
  arguments: [],
  options: { output: { value: "FILE", summary: "Writes a new file, which its owner alone may read; else standard output." } },
  flags: {},
  summary: "Writes all users, with the hashes of their passwords, as import-users reads them.",
  description: `A JSON object a line, oldest user first, all as they are at one moment, while servers go on. Whoever has the hashes can try
passwords on them: keep the output as you keep the database. Those who have asked for their account to be deleted are left
out; sessions, tokens and the audit trail stay here.`,
  takesPassword: false,
  async run({ options }) {
    const path = options.get("output");
    const output = path === undefined ? openStandardOutput(process.stdout) : await openUsersFile(path);
    try {
      const exported = await withOperatorSession((session) => exportFrom(session, output.write));
      await output.finish();
      return tell(describe(exported), path);
    } catch (error) {
      await output.abandon();
      throw error;
    }
  },
};

async function exportFrom(session: OperatorSession, write: (lines: string) => Promise<void>): Promise<Exported> {
  const { replica, closeReplica } = openReplica(session.config, { ...session, onAnswer: () => undefined });
  try {
    return await createExportUsers({ database: replica })(write);
  } catch (error) {
    if (session.config.database.readUrl === undefined || !isDatabaseUnavailable(error)) throw error;
    throw new CommandError(
      `The read replica of DATABASE_READ_URL is out of reach, or gave the export up for what it had to replay meanwhile.
Try again, or export them from the database itself, with DATABASE_READ_URL= before the command.`,
      { cause: error },
    );
  } finally {
    await closeReplica();
  }
}

/** The result is for standard output, unless the users are there. */
function tell(text: string, path: string | undefined): string {
  if (path !== undefined) return text;
  process.stderr.write(text);
  return "";
}

function describe({ users, leaving }: Exported): string {
  const left = leaving === 0 ? "" : ` Left out ${count(leaving, "user")} whose account is to be deleted.`;
  return `Exported ${count(users, "user")}.${left}\n`;
}
