import { AuthError, type ErrorFacts } from "../core/errors.ts";

/** BAD_USER_INPUT as sentences about what an operator calls the fields; undefined for anything else. Every problem begins with its verb. */
export function describeInputProblems(error: unknown, subjects: Readonly<Record<string, string>>): string | undefined {
  if (!isBadInput(error)) return undefined;
  const sentences = Object.entries(error.facts.fields).flatMap(([field, problems]) =>
    problems.map((problem) => `${subjects[field] ?? field} ${problem.charAt(0).toLowerCase()}${problem.slice(1)}`),
  );
  return sentences.join(" ");
}

function isBadInput(error: unknown): error is AuthError & { facts: ErrorFacts["BAD_USER_INPUT"] } {
  return error instanceof AuthError && error.code === "BAD_USER_INPUT";
}
