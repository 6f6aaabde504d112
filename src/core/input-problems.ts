import { AuthError } from "./errors.ts";

export type Problems = Readonly<Record<string, string | undefined>>;

/** BAD_USER_INPUT with every problem there is, by the field that has it. */
export function badInput(problems: Problems): AuthError<"BAD_USER_INPUT"> {
  const known = Object.entries(problems).flatMap(([field, problem]) => (problem === undefined ? [] : [[field, [problem]]]));
  return new AuthError("BAD_USER_INPUT", { fields: Object.fromEntries(known) });
}

/** Throws `badInput` where there is a problem. */
export function refuseProblems(problems: Problems): void {
  if (Object.values(problems).some((problem) => problem !== undefined)) throw badInput(problems);
}
