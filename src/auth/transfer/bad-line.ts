import type { FieldProblem } from "./line-members.ts";

/** A line that makes no user, and every reason that is known. */
export interface BadLine {
  readonly line: number;
  readonly problems: readonly FieldProblem[];
}
