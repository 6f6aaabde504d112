import { migrateDatabase } from "../../database/migrate.ts";
import type { Command } from "../parts/command.ts";
import { tellOperator, withPostgres } from "../parts/operator-session.ts";

export const migrate: Command = {
  name: "migrate",
  arguments: [],
  flags: {},
  summary: "Brings the database's tables up to date.",
  description: [
    "Servers do the same when they start; processes that migrate at the same time take turns.",
    "Reads the variables DATABASE_… alone: in production, too, it needs no SECRET and no PUBLIC_URL.",
  ].join(" "),
  takesPassword: false,
  async run() {
    const applied = await withPostgres(({ directUrl, schema }) => migrateDatabase(directUrl, schema, { tell: tellOperator }));
    if (applied === 0) return "Nothing to do: the database is up to date.\n";
    return `Applied ${applied} ${applied === 1 ? "migration" : "migrations"}.\n`;
  },
};
