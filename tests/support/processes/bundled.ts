import { join } from "node:path";
import { expect, inject } from "vitest";

/** A file of the built server, put together in a few files. */
export function bundled(name: string): string {
  return join(inject("bundle") ?? expect.fail("Nothing has been built: npm run build"), name);
}
