import { createCheckUsers } from "../../auth/transfer/check-users.ts";
import { createImportUsers, type Imported, OvertakenImportError } from "../../auth/transfer/import-users.ts";
import type { Tally, Watch } from "../../auth/transfer/tally.ts";
import { takeSoleLock } from "../../database/sole-lock.ts";
import { describeBadLine, openBadLineReport } from "../parts/bad-line-report.ts";
import type { Command, Given } from "../parts/command.ts";
import { CommandError } from "../parts/command-error.ts";
import { count } from "../parts/count.ts";
import { type OperatorSession, withOperatorSession } from "../parts/operator-session.ts";
import { createProgress } from "../parts/progress.ts";
import { type OpenUserFile, openUserFile } from "../parts/user-file.ts";

export const importUsers: Command = {
  name: "import-users",
  arguments: ["FILE"],
  options: { report: { value: "REPORT", summary: "Also writes every bad line's number, field and reason there, as JSON lines." } },
  flags: {
    "dry-run": "Judges every line as an import now would, and changes nothing.",
    "allow-admins": "Takes the role admin from the file; else a line that has it is bad.",
  },
  summary: "Makes accounts of the users in a file, which may come from another system.",
  description: `FILE has a JSON object a line, in UTF-8. A user needs an email; emailVerified, roles, status, createdAt, lastLoginAt,
passwordHash and id may be there: docs/guides/moving-in.md shows how other systems' users become such lines. Good lines are
imported though others are bad; each bad one is told on standard error with its number and the reason. What is cut off is
completed by the same command: no user is made twice, and none is left out. A file that was imported to its end is known by
its content, and nothing is done. Servers go on meanwhile, and nobody is sent a message.`,
  takesPassword: false,
  async run({ arguments: [path = ""], flags, options }) {
    const file = await openUserFile(path);
    try {
      return await importFile(file, { flags, report: options.get("report") });
    } finally {
      await file.close();
    }
  },
};

interface Wishes {
  readonly flags: Given["flags"];
  readonly report: string | undefined;
}

async function importFile(file: OpenUserFile, { flags, report }: Wishes): Promise<string> {
  const badLines = openBadLineReport(report, file.facts);
  const progress = createProgress(process.stderr, () => performance.now());
  const start = performance.now();
  const watch: Watch = {
    badLine(bad) {
      badLines.add(bad);
      progress.print(describeBadLine(bad));
    },
    progress: (tally) => progress.show(describeProgress(tally, { share: file.share(), milliseconds: performance.now() - start })),
  };
  try {
    return await withOperatorSession((session) => (flags.has("dry-run") ? check : importAlone)(file, watch, { ...session, flags }), {
      mayBegin: true,
    });
  } finally {
    progress.end();
    badLines.close();
  }
}

type Session = OperatorSession & Pick<Given, "flags">;

async function check(file: OpenUserFile, watch: Watch, session: Session): Promise<string> {
  const tally = await createCheckUsers(session, optionsOf(session))(file, watch);
  const counts = describeCounts(tally, "can be imported");
  if (tally.bad > 0) throw new CommandError(counts);
  return `${counts}\n`;
}

async function importAlone(file: OpenUserFile, watch: Watch, session: Session): Promise<string> {
  const lock = await takeSoleLock(session.directUrl, `graphql-auth-gateway ${session.database.$schema} import-users ${file.hash}`);
  if (lock === undefined) throw new CommandError("This file is being imported already, by another command.");
  try {
    return describeImported(await createImportUsers(session, optionsOf(session))(file, watch));
  } catch (error) {
    if (!(error instanceof OvertakenImportError)) throw error;
    throw new CommandError("This file is being imported already, by another command.", { cause: error });
  } finally {
    await lock.release();
  }
}

function optionsOf({ config, flags }: Session) {
  return { roles: new Set(config.roles.keys()), admins: flags.has("allow-admins") ? "allowed" : "refused" } as const;
}

function describeImported(imported: Imported): string {
  const { before } = imported;
  if (imported.kind === "finished_before") {
    const at = before.finishedAt?.toISOString();
    return (
      `Nothing to do: this file was imported to its end at ${at}, ${count(before.imported, "user")} of it. With --dry-run ` +
      "its bad lines are told again.\n"
    );
  }
  const { tally } = imported;
  const resumed =
    before.lastLine === 0 ? "" : `Went on after line ${before.lastLine}, up to which ${before.imported} users had been imported. `;
  const counts = `${resumed}${describeCounts(tally, "imported")}`;
  if (tally.bad > 0) throw new CommandError(`${counts} The good lines are done: mend the others in a file of their own, and import that.`);
  return `${counts}\n`;
}

function describeCounts({ lines, imported, present, bad }: Tally, done: string): string {
  const before = present === 0 ? "" : `, ${present} there before`;
  return `Of ${count(lines, "line")}, ${count(imported, "user")} ${done}${before}, ${bad} bad.`;
}

function describeProgress({ lines, imported, bad }: Tally, { share, milliseconds }: { share: number; milliseconds: number }): string {
  const rate = Math.round((lines * 1000) / Math.max(1, milliseconds));
  return `${Math.floor(share * 100)} %: ${count(lines, "line")}, ${count(imported, "user")}, ${bad} bad, ${count(rate, "line")} a second`;
}
