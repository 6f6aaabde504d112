import { buildAuthGraph } from "../graphql/schema.ts";
import type { Command } from "./command.ts";

export const printSchema: Command = {
  name: "print-schema",
  arguments: [],
  flags: {},
  summary: "Prints the GraphQL schema with its applied directives.",
  description: "For tools, and for the gateways that take this graph in. Needs neither a configuration nor a database.",
  takesPassword: false,
  run: async () => (await buildAuthGraph()).sdl,
};
