import type { z } from "zod";

/** What the sections of gateway.yaml depend on, besides what they say themselves. */
export interface Surroundings {
  /** The folder of the file: relative paths begin there. */
  readonly folder: string;
  /** Addresses are `https://` in production, unless they are localhost. */
  readonly inProduction: boolean;
  /** The `iss` of this server's own tokens. */
  readonly ourIssuer: string;
  /** The roles that this server knows. */
  readonly ourRoles: ReadonlySet<string>;
}

/**
 * One section of gateway.yaml. The room that it is about has it in a file `*-section.ts`, and `config/file/sections.ts` lists all of them.
 */
export interface Section {
  /** Shown beside every problem of the section: a line of the file that has none. */
  readonly example: string;
  /** Reads what was written into what the room takes. */
  schema(surroundings: Surroundings): z.ZodType;
}
