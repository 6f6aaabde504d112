import { countServerConnections, tryServersLock } from "../../database/servers-lock.ts";
import { openSoleConnection, type SoleConnection } from "../../database/sole-connection.ts";
import { takeSoleLock } from "../../database/sole-lock.ts";
import { describePlace, type PlacedTable, readSpreadState } from "../../database/spread/citus.ts";
import { dropLeftovers, spreadTable } from "../../database/spread/spread-tables.ts";
import type { Command } from "../parts/command.ts";
import { CommandError } from "../parts/command-error.ts";
import { count } from "../parts/count.ts";
import { tellOperator, withPostgres } from "../parts/operator-session.ts";

export const spread: Command = {
  name: "spread",
  arguments: [],
  flags: { plan: "Says what it would do, and does nothing." },
  summary: "Spreads the tables over the nodes of Citus, by user.",
  description: `For a database that has Citus: users, and whatever belongs to one, go to the workers; what is small stays on the
coordinator. Servers have to be stopped meanwhile. Each table is taken over with its rows, wholly or not at all; run it again
where it was cut off, and after an upgrade that brings new tables. There is no way back but a dump.`,
  takesPassword: false,
  run: ({ flags }) => withPostgres(({ directUrl, schema }) => spreadAll(directUrl, schema, flags.has("plan"))),
};

interface Work {
  readonly sql: SoleConnection["sql"];
  readonly patient: SoleConnection["sql"];
  readonly schema: string;
}

async function spreadAll(url: string, schema: string, isPlan: boolean): Promise<string> {
  const { sql, patient, close } = openSoleConnection(url, {
    applicationName: "graphql-auth-gateway spread",
    settings: { statement_timeout: "0" },
    preparesStatements: false,
  });
  try {
    const work = { sql, patient, schema };
    return isPlan ? await plan(work) : await spreadInTurn(url, work);
  } finally {
    close();
  }
}

async function plan({ sql, schema }: Work): Promise<string> {
  const { tables, nodes } = await readTables(sql, schema);
  const lines = tables.map(({ name, place, isThere, size }) => {
    const what = isThere ? "is" : "is to be";
    return `${name} ${what} ${describePlace(place)}${size === undefined ? "" : ` (${size} now)`}.`;
  });
  const connections = await countServerConnections(sql);
  const isDone = tables.every(({ isThere }) => isThere);
  const running = connections === 0 || isDone ? [] : [`Stop the servers first: ${count(connections, "connection")} of theirs.`];
  return `${[...lines, `Rows go to ${count(nodes, "node")}.`, ...running].join("\n")}\n`;
}

/** Migrations and this take turns: neither may change a table while the other does. */
async function spreadInTurn(url: string, { sql, patient, schema }: Work): Promise<string> {
  const lock = await takeSoleLock(url, `${schema} migrations`, {
    patienceMilliseconds: Number.POSITIVE_INFINITY,
    onWait: () => tellOperator(`Another process changes the tables of the schema ${schema}: waiting for it.`),
  });
  try {
    const { tables, nodes } = await readTables(sql, schema);
    const waiting = tables.filter(({ isThere }) => !isThere);
    if (waiting.length > 0) await refuseServers(sql);
    for (const table of waiting) {
      tellOperator(`${table.name}: ${describePlace(table.place)} (${table.size}).`);
      await spreadTable(patient, schema, table);
    }
    await dropLeftovers(patient, schema, tables);
    if (waiting.length === 0) return "Nothing to do: every table is where it belongs.\n";
    return `Spread ${count(waiting.length, "table")} over ${count(nodes, "node")}.\n`;
  } finally {
    await lock?.release();
  }
}

async function readTables(sql: SoleConnection["sql"], schema: string): Promise<{ tables: readonly PlacedTable[]; nodes: number }> {
  const state = await readSpreadState(sql, schema);
  if (state.kind === "refused") throw new CommandError(state.problem);
  return state;
}

/**
 * What they have asked for waits while a table is taken over, and finds tables that are half here and half there in between. From here on
 * until the connection ends none starts.
 */
async function refuseServers(sql: SoleConnection["sql"]): Promise<void> {
  const isAlone = await tryServersLock(sql, { alone: true });
  const connections = await countServerConnections(sql);
  if (isAlone && connections === 0) return;
  throw new CommandError(`Servers are connected to the database (${count(connections, "connection")}). Stop all of them, and commands
that are under way, then run this again: while tables are spread, statements that need two of them fail.`);
}
