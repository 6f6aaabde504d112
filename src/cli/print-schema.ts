import { buildAuthGraph } from "../graphql/schema.ts";
import { exitOnFailure } from "../start/exit-on-failure.ts";

/** The auth graph's SDL with applied directives, on standard output. */
async function printSchema(): Promise<void> {
  const { sdl } = await buildAuthGraph();
  process.stdout.write(sdl);
}

exitOnFailure(printSchema);
