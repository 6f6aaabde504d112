import { printFileSchema } from "../../config/file/json-schema.ts";
import { StartupError } from "../../core/errors.ts";
import { type AuthGraph, buildAuthGraph } from "../../graphql/schema.ts";
import type { Command, Given } from "../parts/command.ts";

export const printSchema: Command = {
  name: "print-schema",
  arguments: [],
  flags: {
    federation: "As `_service` answers it: for the composition of a supergraph.",
    stitching: "As `_sdl` answers it: for gateways of @graphql-tools/stitch.",
    config: "Not the GraphQL schema but the JSON Schema of gateway.yaml: for editors.",
  },
  summary: "Prints the GraphQL schema with its applied directives.",
  description: `For tools, and for the gateways that take this graph in where a server with introspection off does not tell them.
Needs neither a configuration nor a database.`,
  takesPassword: false,
  run: ({ flags }) => print(flags),
};

async function print(flags: Given["flags"]): Promise<string> {
  if (flags.size > 1) throw new StartupError("There is one schema at a time: for a federation, for stitching, or of gateway.yaml.");
  return flags.has("config") ? printFileSchema() : chooseSdl(await buildAuthGraph(), flags);
}

function chooseSdl({ sdl, gatewaySdl }: AuthGraph, flags: Given["flags"]): string {
  if (flags.has("federation")) return gatewaySdl.federation;
  return flags.has("stitching") ? gatewaySdl.stitching : sdl;
}
