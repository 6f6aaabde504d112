/**
 * Tells of each message of PostgreSQL as it is whole. The answer to a request for TLS is one byte; everything after it is a letter, a
 * length, and the rest.
 */
export function splitMessages(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let held = Buffer.alloc(0);
  let isFirst = true;
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    if (isFirst && held.length === 1) {
      onMessage(held);
      held = Buffer.alloc(0);
    }
    isFirst = false;
    while (held.length >= 5 && held.length > held.readUInt32BE(1)) {
      const end = 1 + held.readUInt32BE(1);
      onMessage(held.subarray(0, end));
      held = held.subarray(end);
    }
  };
}
