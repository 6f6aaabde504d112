import { readFileSync } from "node:fs";
import { buildAuthGraph } from "../../src/graphql/schema.ts";

/** Fails when `schema/auth.graphql` is not what the classes print. */
const { sdl } = await buildAuthGraph();
if (sdl !== readFileSync("schema/auth.graphql", "utf8")) throw new Error("schema/auth.graphql is stale: run `npm run schema`");
