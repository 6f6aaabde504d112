import { customType, timestamp } from "drizzle-orm/pg-core";

/** Raw bytes: hashes, nonces and ciphertexts. */
export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });

/** PostgreSQL's 64-bit transaction id, which never wraps; as text, because it may exceed what a number holds exactly. */
export const transactionId = customType<{ data: string }>({ dataType: () => "xid8" });

/** An instant with the resolution of a JavaScript `Date`, so that what is read back equals what was written. */
export function instant(name: string) {
  return timestamp(name, { withTimezone: true, precision: 3, mode: "date" });
}
