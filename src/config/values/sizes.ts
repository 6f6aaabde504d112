const bytesByUnit: ReadonlyMap<string, number> = new Map([
  ["kB", 1024],
  ["MB", 1024 * 1024],
]);

/** `5MB` → 5,242,880. Undefined unless it is a whole number and one of kB and MB. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,6})(kB|MB)$/.exec(text) ?? [];
  const bytesPerUnit = bytesByUnit.get(unit);
  return bytesPerUnit === undefined ? undefined : Number(amount) * bytesPerUnit;
}
