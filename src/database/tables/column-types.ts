import { customType, timestamp } from "drizzle-orm/pg-core";

/** Raw bytes: hashes, nonces and ciphertexts. */
export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });

/** An instant with the resolution of a JavaScript `Date`, so that what is read back equals what was written. */
export function instant(name: string) {
  return timestamp(name, { withTimezone: true, precision: 3, mode: "date" });
}
