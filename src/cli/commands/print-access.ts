import { printAccess as printLockfile } from "../../access/print-access.ts";
import { readOperatorsFile } from "../../start/files/operators-file.ts";
import { listChangedLines } from "../parts/changed-lines.ts";
import type { Command } from "../parts/command.ts";
import { CommandError } from "../parts/command-error.ts";
import { readConfiguredGraph } from "../parts/configured-graph.ts";

export const printAccess: Command = {
  name: "print-access",
  arguments: [],
  options: { check: { value: "FILE", summary: "Prints nothing of it, and fails with the changed lines where FILE holds something else." } },
  flags: {},
  summary: "Prints what each field of the served graph takes, guarded or not.",
  description: `One line a field, in an order that never changes: the field, what it takes, and which graphs or policies ask for that. Keep
it in a file beside gateway.yaml, and let CI run it with --check: whoever reviews a change then sees which fields it opens
and closes. It takes the policies of gateway.yaml and asks the graphs behind the gateway for their SDL; it needs no
database, and no secret.`,
  takesPassword: false,
  async run({ options }) {
    const file = options.get("check");
    const kept = file === undefined ? undefined : readOperatorsFile("--check", file);
    const { graph } = await readConfiguredGraph();
    const lockfile = printLockfile(graph.required, graph.sources);
    if (kept === undefined) return lockfile;
    const changes = listChangedLines(kept, lockfile);
    if (changes.length === 0) return `${file} is up to date.\n`;
    throw new CommandError([`${file} is out of date: - stands there, + is so now.`, ...changes].join("\n"));
  },
};
