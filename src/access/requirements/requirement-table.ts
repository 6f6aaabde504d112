import type { Requirement } from "./requirements.ts";

/**
 * What one SDL says, location by location: nothing is inherited here. Object, interface, scalar and enum types by name,
 * fields by coordinate (`Type.field`).
 */
export interface RequirementTable {
  readonly types: ReadonlyMap<string, Requirement>;
  readonly fields: ReadonlyMap<string, Requirement>;
}

/** Collects problems, so that all of them can be shown at once. */
export type Report = (problem: string) => void;

/** Requirements that cannot be enforced as written. Stops the start; has every problem, each with its coordinate. */
export class RequirementsError extends Error {
  override readonly name = "RequirementsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(`The schema's access requirements cannot be enforced:\n${problems.map((problem) => `- ${problem}`).join("\n")}`, options);
    this.problems = problems;
  }
}
