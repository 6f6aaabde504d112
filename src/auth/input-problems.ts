import { AuthError } from "./errors.ts";

/** Throws BAD_USER_INPUT with every problem there is, by the field that has it. */
export function refuseProblems(problems: Readonly<Record<string, string | undefined>>): void {
  const known = Object.entries(problems).flatMap(([field, problem]) => (problem === undefined ? [] : [[field, [problem]]]));
  if (known.length > 0) throw new AuthError("BAD_USER_INPUT", { fields: Object.fromEntries(known) });
}
