/** More than anybody means to nest, and far from what exhausts the stack of whoever walks through it, `JSON.stringify` among them. */
const MAXIMUM_DEPTH = 500;

/** Whether a JSON value of unknown origin can be walked through. */
export function isShallow(value: unknown, depth = MAXIMUM_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}
