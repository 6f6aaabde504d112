import { StartupError } from "../core/errors.ts";
import { tryServersLock } from "../database/servers-lock.ts";
import { openSoleConnection } from "../database/sole-connection.ts";
import { findMisplacedTables, hasCitus } from "../database/spread/citus.ts";

/**
 * On a Citus, a server that starts while some tables are spread and others are not would fail at whatever needs two of them. Nobody spreads
 * tables until it is let: once the server listens for revocations, it has a lock of its own.
 */
export async function refuseHalfSpread(url: string, schema: string): Promise<() => void> {
  const { sql, close } = openSoleConnection(url, { applicationName: "graphql-auth-gateway places", preparesStatements: false });
  try {
    if (await hasCitus(sql)) {
      if (!(await tryServersLock(sql)))
        throw new StartupError("The command spread is taking tables over to the nodes of Citus. Start again once it is done.");
      refuse(await findMisplacedTables(sql, schema), schema);
    }
    return close;
  } catch (error) {
    close();
    throw error;
  }
}

function refuse(misplaced: readonly string[], schema: string): void {
  if (misplaced.length === 0) return;
  throw new StartupError(`Some tables of the schema ${schema} are spread over the nodes of Citus, others are not where they belong:
${misplaced.join(", ")}. Stop all servers, run the command spread, then start again: docs/operate/growing.md.`);
}
