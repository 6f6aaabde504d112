import { withDeadline } from "../../core/deadline.ts";
import { isStandbyError } from "../../database/unavailable.ts";
import { createReadingPace } from "./reading-pace.ts";
import { createRevocationReader, type RevocationReader, type RevocationReaderParts } from "./revocation-reader.ts";

export interface RevocationFeedParts extends Omit<RevocationReaderParts, "onAnnouncement"> {
  /** Milliseconds that only ever go forward, whatever happens to the clock. */
  readonly stopwatch: () => number;
  /** Told once when the feed breaks, once more where it then meets a standby, and once when it is back. */
  readonly onChange: (change: { connected: true } | { connected: false; error: unknown }) => void;
}

/** Keeps a process's memory of revocations up to date with the database. */
export interface RevocationFeed {
  /** Reads everything that is live. Rejects where the database is out of reach. */
  start(): Promise<void>;
  /** Whether everything that was committed `maxLagSeconds` ago is known. */
  isFresh(): boolean;
  /** How old the last proof of completeness is. */
  lagSeconds(): number;
  stop(): Promise<void>;
}

/** Several, so that one slow answer does not make the feed stale. */
const READINGS_PER_LAG = 5;

/**
 * Completeness rests on regular readings, which also prove that the connection lives. An announcement only makes the next one come at once:
 * nothing that it says is believed, because whoever may connect to the database may announce.
 */
export function createRevocationFeed(parts: RevocationFeedParts, options: { maxLagSeconds: number }): RevocationFeed {
  const { stopwatch, onChange } = parts;
  const maxLag = options.maxLagSeconds * 1000;
  let reader: RevocationReader | undefined;
  let confirmedAt = Number.NEGATIVE_INFINITY;
  const pace = createReadingPace(readAndReport, maxLag / READINGS_PER_LAG);
  let state: "connected" | "broken" | "at a standby" | "stopped" = "connected";

  async function read(): Promise<void> {
    const startedAt = stopwatch();
    reader ??= createRevocationReader({ ...parts, onAnnouncement: pace.hurry });
    const reading = reader;
    try {
      await withDeadline(reading.read(), maxLag);
      confirmedAt = startedAt;
    } catch (error) {
      reader = undefined;
      await reading.close();
      throw error;
    }
  }

  async function readAndReport(): Promise<boolean> {
    try {
      await read();
      noteReading();
      return true;
    } catch (error) {
      noteFailure(error);
      return false;
    }
  }

  function noteReading(): void {
    if (state === "stopped") return;
    if (state !== "connected") onChange({ connected: true });
    state = "connected";
  }

  /**
   * A lost connection is told first, and says nothing of why it stays away: that its address leads to a standby has to be mended by
   * somebody.
   */
  function noteFailure(error: unknown): void {
    const next = isStandbyError(error) ? "at a standby" : "broken";
    const isNews = state === "connected" || (state === "broken" && next === "at a standby");
    if (!isNews) return;
    onChange({ connected: false, error });
    state = next;
  }

  return {
    async start() {
      await read();
      pace.begin();
    },
    isFresh: () => stopwatch() - confirmedAt <= maxLag,
    lagSeconds: () => (stopwatch() - confirmedAt) / 1000,
    async stop() {
      state = "stopped";
      pace.stop();
      await reader?.close();
    },
  };
}
