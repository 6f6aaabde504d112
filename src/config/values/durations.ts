const secondsByUnit: ReadonlyMap<string, number> = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3_600],
  ["d", 86_400],
]);

/** `15m` → 900. Undefined unless it is a whole number and one of s, m, h, d. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const secondsPerUnit = secondsByUnit.get(unit);
  return secondsPerUnit === undefined ? undefined : Number(amount) * secondsPerUnit;
}
