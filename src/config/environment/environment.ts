import type { z } from "zod";
import type { ConfigProblem } from "../values/config-error.ts";
import { type Variable, type VariableName, type VariableValues, variables } from "./variables.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ReadVariables {
  /** A variable whose text is wrong has its default here, so whoever looks at it asks `invalid` first. */
  readonly values: VariableValues;
  readonly invalid: ReadonlySet<VariableName>;
  readonly problems: readonly ConfigProblem[];
}

/** Reads every variable by itself; what they mean to each other is for config-rules.ts. */
export function readVariables(env: Environment): ReadVariables {
  const inProduction = setting(env, "NODE_ENV") === "production";
  const readings = Object.entries<Variable>(variables).map(([name, variable]) =>
    readVariable(name, variable, setting(env, name), inProduction),
  );
  const wrong = readings.filter((reading) => reading.problems.length > 0);
  return {
    // The entries come from `variables` itself, which the type is made of; TypeScript cannot see that through `Object.entries`.
    values: Object.fromEntries(readings.map(({ name, value }) => [name, value])) as unknown as VariableValues,
    invalid: new Set(wrong.map(({ name }) => name as VariableName)),
    problems: wrong.flatMap((reading) => reading.problems),
  };
}

/** Empty means not set: so Compose files and shells write "nothing". */
export function setting(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

function readVariable(name: string, variable: Variable, written: string | undefined, inProduction: boolean) {
  const fallback = (inProduction ? variable.productionDefault : undefined) ?? variable.default;
  const defaultValue = fallback === undefined ? undefined : variable.value.parse(fallback);
  if (written === undefined) return { name, value: defaultValue, problems: [] };
  const parsed = variable.value.safeParse(written);
  if (parsed.success) return { name, value: parsed.data, problems: [] };
  return {
    name,
    value: defaultValue,
    problems: [{ variable: name, problem: explain(parsed.error), example: `${name}=${variable.example}` }],
  };
}

/** The values of a list have the same problems, so each is told once. */
function explain(error: z.ZodError): string {
  return [...new Set(error.issues.map((issue) => issue.message))].join(" It ");
}
