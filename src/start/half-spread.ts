import { StartupError } from "../core/errors.ts";
import { openSoleConnection } from "../database/sole-connection.ts";
import { findMisplacedTables } from "../database/spread/citus.ts";

/** On a Citus, a server that starts while some tables are spread and others are not would fail at whatever needs two of them. */
export async function refuseHalfSpread(url: string, schema: string): Promise<void> {
  const { sql, close } = openSoleConnection(url, { applicationName: "graphql-auth-gateway places", preparesStatements: false });
  try {
    const misplaced = await findMisplacedTables(sql, schema);
    if (misplaced.length === 0) return;
    throw new StartupError(`Some tables of the schema ${schema} are spread over the nodes of Citus, others are not where they belong:
${misplaced.join(", ")}. Run the command spread, then start again: docs/operate/growing.md.`);
  } finally {
    close();
  }
}
