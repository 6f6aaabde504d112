/** RFC 3339, section 5.6, without leap seconds. */
const format = /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** To the millisecond. Undefined for any other text, and for days that no calendar has. */
export function readInstant(text: string): Date | undefined {
  const [match, year, month, day] = format.exec(text) ?? [];
  if (match === undefined || !isDay(Number(year), Number(month), Number(day))) return undefined;
  return new Date(match.toUpperCase());
}

/** `Date` takes the 30th of February for the 2nd of March. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
