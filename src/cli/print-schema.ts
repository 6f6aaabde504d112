import { buildAuthGraph } from "../graphql/schema.ts";

/** Prints the auth graph's SDL with applied directives. */
const { sdl } = await buildAuthGraph();
process.stdout.write(sdl);
