import { uuidOfHex } from "./uuid-text.ts";

const MAXIMUM_UNIX_MILLISECONDS = 2 ** 48 - 1;

/**
 * The lowest UUIDv7 (RFC 9562, section 5.7) of an instant: ids below it were made before, all others then or later.
 * Instants that no such id can tell, before 1970 and after the year 10889, count as the first and the last that one can.
 */
export function firstIdAt(instant: Date): string {
  const milliseconds = Math.min(Math.max(instant.getTime(), 0), MAXIMUM_UNIX_MILLISECONDS);
  const instantInHex = milliseconds.toString(16).padStart(12, "0");
  return uuidOfHex(`${instantInHex}70008000000000000000`);
}
