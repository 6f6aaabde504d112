import { readFileSync } from "node:fs";
import { buildAuthGraph } from "../../src/graphql/schema.ts";

/** Fails when a file in `schema/` is not what the classes print. */
const { sdl, gatewaySdl } = await buildAuthGraph();
const files = { auth: sdl, "auth.federation": gatewaySdl.federation, "auth.stitching": gatewaySdl.stitching };
for (const [name, text] of Object.entries(files)) {
  if (text !== readFileSync(`schema/${name}.graphql`, "utf8")) throw new Error(`schema/${name}.graphql is stale: run \`npm run schema\``);
}
