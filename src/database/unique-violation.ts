/** SQLSTATE of a row that would have been the second one with the same value. */
const UNIQUE_VIOLATION = "23505";

/** True when an error, or any of its causes, says so of that constraint or index. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  if (!(error instanceof Error)) return false;
  const isIt = "code" in error && error.code === UNIQUE_VIOLATION && "constraint_name" in error && error.constraint_name === constraint;
  return isIt || isUniqueViolation(error.cause, constraint);
}
