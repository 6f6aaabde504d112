import type { ConnectionSettings, Host, TlsSettings } from "../connection-string/connection-settings.ts";
import { LostConnectionError } from "../lost-connection.ts";
import { type Connection, type ConnectionEvents, createConnection } from "./connection.ts";
import { dial } from "./dial.ts";
import { greet } from "./handshake.ts";
import { explainTlsFailure } from "./tls-failure.ts";

export interface OpenerOptions {
  readonly settings: ConnectionSettings;
  readonly applicationName: string;
  readonly preparesStatements: boolean;
  /** Settings of the server that a pooler in between may refuse; what they are for is done without them as well, if less well. */
  readonly direct: Readonly<Record<string, string>>;
  readonly hear?: ((channel: string, payload: string) => void) | undefined;
  /** Milliseconds that only ever go forward. */
  readonly stopwatch: () => number;
  /** The first of the hosts that lets us in will do, each time anew: nothing is written there. */
  readonly takesAnyHost?: boolean;
}

export interface Opener {
  /**
   * At a host that can be written to, or else at one that is there to read. Rejects where nothing lets us in, within the time of the
   * settings for each host.
   */
  open(events: ConnectionEvents): Promise<Connection>;
}

/** Poolers such as PgBouncer follow these from one client to the next, so that they hold whatever the database's own defaults are. */
const followed = {
  client_encoding: "UTF8",
  DateStyle: "ISO, MDY",
  TimeZone: "UTC",
  standard_conforming_strings: "on",
};

const PROTOCOL_VIOLATION = "08P01";
const INVALID_AUTHORIZATION = "28000";

export function createOpener(options: OpenerOptions): Opener {
  const { settings, applicationName, preparesStatements, hear, stopwatch } = options;
  let direct = options.direct;

  async function openWith(host: Host, tls: TlsSettings, events: ConnectionEvents): Promise<Connection> {
    const timing = new AbortController();
    const timer = setTimeout(() => timing.abort(new LostConnectionError("CONNECT_TIMEOUT")), settings.connectMilliseconds);
    let socket: Awaited<ReturnType<typeof dial>> | undefined;
    try {
      socket = await dial(host, tls, timing.signal);
      const parameters = { database: settings.database, application_name: applicationName, ...followed, ...direct, ...settings.parameters };
      const { reported, rest } = await greet(socket, settings, parameters);
      requireUtf8(reported);
      return createConnection({ socket, rest, reported, preparesStatements, hear, stopwatch, events });
    } catch (error) {
      socket?.destroy();
      // What the server thinks of our certificate it says only now.
      throw timing.signal.aborted ? timing.signal.reason : explainTlsFailure(error, tls);
    } finally {
      clearTimeout(timer);
    }
  }

  async function openAt(host: Host, events: ConnectionEvents): Promise<Connection> {
    try {
      return await openWith(host, settings.tls, events);
    } catch (error) {
      if (hasCode(error, PROTOCOL_VIOLATION) && Object.keys(direct).length > 0) {
        direct = {};
        return openAt(host, events);
      }
      const mode = secondChoice(settings.tls.mode, error);
      if (mode === undefined) throw error;
      return openWith(host, { ...settings.tls, mode }, events);
    }
  }

  /** First the one that let us in last and could be written to: after a failover nobody waits for the one before it. */
  let inTurn = settings.hosts;

  return {
    async open(events) {
      let failure: unknown;
      let readOnly: Connection | undefined;
      for (const host of inTurn) {
        try {
          const connection = await openAt(host, events);
          if (options.takesAnyHost === true) return connection;
          if (!connection.isReadOnly) {
            inTurn = [host, ...settings.hosts.filter((other) => other !== host)];
            readOnly?.destroy(new LostConnectionError("CONNECTION_ENDED"));
            return connection;
          }
          if (settings.needsWritable || readOnly !== undefined) connection.destroy(new LostConnectionError("CONNECTION_ENDED"));
          else readOnly = connection;
        } catch (error) {
          failure = error;
        }
      }
      if (readOnly !== undefined) return readOnly;
      throw failure ?? new LostConnectionError("NOT_WRITABLE");
    },
  };
}

/** `allow` is without TLS unless the server wants it, `prefer` with it unless that cannot be. */
function secondChoice(mode: TlsSettings["mode"], error: unknown): TlsSettings["mode"] | undefined {
  if (mode === "allow" && hasCode(error, INVALID_AUTHORIZATION)) return "require";
  if (mode === "prefer" && (hasCode(error, INVALID_AUTHORIZATION) || hasCode(error, "TLS_FAILED"))) return "disable";
  return undefined;
}

/** Its message says what to do, and stands for itself where the process cannot start. */
class DatabaseRequirementError extends Error {
  override readonly name = "DatabaseRequirementError";
}

function requireUtf8(reported: ReadonlyMap<string, string>): void {
  const encoding = reported.get("server_encoding");
  if (encoding === undefined || encoding === "UTF8") return;
  throw new DatabaseRequirementError(
    `The database of DATABASE_URL is encoded in ${encoding}, which cannot hold every address and name; create one in ` +
      "UTF8 (create database … encoding 'UTF8' template template0).",
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
