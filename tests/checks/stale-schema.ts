import { readFileSync } from "node:fs";
import { printFileSchema } from "../../src/config/file/json-schema.ts";
import { buildAuthGraph } from "../../src/graphql/schema.ts";

/** Fails when a file in `schema/` is not what the classes and the sections of gateway.yaml print. */
const { sdl, gatewaySdl } = await buildAuthGraph();
const files = {
  "auth.graphql": sdl,
  "auth.federation.graphql": gatewaySdl.federation,
  "auth.stitching.graphql": gatewaySdl.stitching,
  "gateway.schema.json": printFileSchema(),
};
for (const [name, text] of Object.entries(files)) {
  if (text !== readFileSync(`schema/${name}`, "utf8")) throw new Error(`schema/${name} is stale: run \`npm run schema\``);
}
