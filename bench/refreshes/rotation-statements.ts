import { tapStatements } from "../../tests/support/wires/statement-tap.ts";
import type { Fleet } from "../machine/fleet.ts";
import { openLine } from "../machine/line.ts";
import { refreshBody } from "../scenarios.ts";
import type { SessionRows } from "./session-rows.ts";

const ROTATIONS = 500;

/** Statements that a server sends for one rotation, all of them counted on the wire; only the upkeep's reading of revocations is not. */
export async function countStatements(fleet: Fleet, rows: SessionRows): Promise<number> {
  const tap = await tapStatements(fleet.databaseUrl);
  const server = await fleet.start("tapped", { DATABASE_URL: tap.url, DATABASE_DIRECT_URL: fleet.databaseUrl });
  const line = openLine(server.url);
  const rotate = async (number: number) => {
    const { data, errors } = await line.post(JSON.parse(refreshBody(rows.tokenOf(number))));
    if (data?.refresh === undefined || errors.length > 0) throw new Error(`A wrong answer: ${JSON.stringify(errors)}`);
  };
  try {
    // The first one prepares it, on each connection.
    await Promise.all(Array.from({ length: 20 }, (_, index) => rotate(index)));
    const statements = await tap.during(async () => {
      for (let number = 20; number < 20 + ROTATIONS; number += 1) await rotate(number);
    });
    return statements.filter((text) => !text.includes("revocations")).length / ROTATIONS;
  } finally {
    line.close();
    await server.stop();
    await tap.close();
  }
}
