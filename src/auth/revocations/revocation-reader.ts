import type { Clock } from "../../core/clock.ts";
import type { ListeningConnection } from "../../database/listening-connection.ts";
import type { Revocation } from "./revocation.ts";
import { type RevocationReading, readRevocationsSince, revocationChannel } from "./revocation-store.ts";

/** Opens the connection that revocations are heard and asked for on. */
export type OpenListeningConnection = (channel: string, hear: () => void) => ListeningConnection;

export interface RevocationReaderParts {
  readonly open: OpenListeningConnection;
  /** Whose revocations. */
  readonly schema: string;
  readonly apply: (revocation: Revocation) => void;
  /** Somebody says that there is something new to read; it may be anybody. */
  readonly onAnnouncement: () => void;
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
 * Announcements may be lost, and may be made up. `read` misses nothing, and believes nothing but the table: it asks for what was
 * written by every transaction that had not ended when it asked last. A connection that is new reads everything, because its server
 * may be another one, with other transaction ids. It is never replaced itself; behind a transaction pooler each statement may still
 * reach another server process, or another server after a failover, and so reads everything where that is not the one of before.
 */
export function createRevocationReader({ open, schema, apply, onAnnouncement, clock }: RevocationReaderParts): RevocationReader {
  const connection = open(revocationChannel(schema), onAnnouncement);
  let known = { connectionId: "", position: EVERYTHING };

  const readSince = (position: string): Promise<RevocationReading> =>
    readRevocationsSince(connection.sql, { schema, since: position, now: clock() }, apply);

  return {
    async read() {
      // First listen, then read: what commits in between is announced and read next, what committed before is read.
      await connection.listen();
      const reading = await readSince(known.position);
      const isComplete = known.position === EVERYTHING || reading.connectionId === known.connectionId;
      known = isComplete ? reading : await readSince(EVERYTHING);
    },
    close: () => connection.close(),
  };
}
