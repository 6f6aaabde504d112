/** One thing that is wrong with the configuration. `problem` never quotes a value: what stands in a variable may be a secret. */
export interface ConfigProblem {
  /** A variable's name, or a place in the configuration file (`gateway.yaml: roles.support.scopes[0]`). */
  readonly variable: string;
  readonly problem: string;
  readonly example: string;
}

/** Everything that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(describeProblems(problems));
    this.problems = problems;
  }
}

function describeProblems(problems: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map(({ variable, problem, example }) => `  - ${variable} ${problem}\n    Example: ${example}`);
  return [`The configuration has ${count}:`, ...lines].join("\n");
}
