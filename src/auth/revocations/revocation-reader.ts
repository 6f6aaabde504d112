import type { ListeningConnection } from "../../database/listening-connection.ts";
import type { Clock } from "../clock.ts";
import type { Revocation } from "./revocation.ts";
import { type RevocationReading, readAnnouncement, readRevocationsSince, revocationChannel } from "./revocation-store.ts";

/** Opens the connection that revocations are heard and asked for on. */
export type OpenListeningConnection = (channel: string, hear: (payload: string) => void) => ListeningConnection;

export interface RevocationReaderParts {
  readonly open: OpenListeningConnection;
  /** Whose revocations. */
  readonly schema: string;
  readonly apply: (revocation: Revocation) => void;
  readonly clock: Clock;
}

/** One connection's worth of reading: thrown away, and replaced by a new one, when it fails. */
export interface RevocationReader {
  /** Once it has resolved, everything that was committed before it was called has been applied. */
  read(): Promise<void>;
  close(): Promise<void>;
}

/** A snapshot before every transaction. */
const EVERYTHING = "1:1:";

/**
 * Announcements are applied as they are heard, within milliseconds, and may be lost. `read` misses nothing: it asks for what was
 * written by every transaction that had not ended when it asked last. A connection that is new reads everything, because its server
 * may be another one, with other transaction ids. It is never replaced itself; behind a transaction pooler each statement may still
 * reach another server process, or another server after a failover, and so reads everything where that is not the one of before.
 */
export function createRevocationReader({ open, schema, apply, clock }: RevocationReaderParts): RevocationReader {
  const connection = open(revocationChannel(schema), (payload) => {
    const revocation = readAnnouncement(payload);
    if (revocation !== undefined) apply(revocation);
  });
  let known = { connectionId: "", position: EVERYTHING };

  const readSince = (position: string): Promise<RevocationReading> =>
    readRevocationsSince(connection.sql, { schema, since: position, now: clock() }, apply);

  return {
    async read() {
      // First listen, then read: what commits in between is announced, what committed before is read.
      await connection.listen();
      const reading = await readSince(known.position);
      const isComplete = known.position === EVERYTHING || reading.connectionId === known.connectionId;
      known = isComplete ? reading : await readSince(EVERYTHING);
    },
    close: () => connection.close(),
  };
}
