const thoroughness = Number(process.env.THOROUGHNESS ?? 1);

/** How often a test tries what only some orders of events show: so often, and five times as often with `THOROUGHNESS=5 npm test`. */
export function rounds(count: number): number {
  return Math.ceil(count * thoroughness);
}
