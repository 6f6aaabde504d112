import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import type { Host, TlsSettings } from "../connection-string/connection-settings.ts";
import { LostConnectionError } from "../lost-connection.ts";
import { readMessages } from "./message-reader.ts";
import { notPostgres } from "./protocol-failure.ts";
import { DatabaseTlsError, explainTlsFailure } from "./tls-failure.ts";

/** `SSLRequest`: its length, and a number that no version of the protocol has. */
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const KEEP_ALIVE_MILLISECONDS = 10_000;

/** Opens a socket to one host. It is destroyed, and this rejects, once the signal says so. */
export async function dial(host: Host, tls: TlsSettings, signal: AbortSignal): Promise<Socket> {
  const isLocal = host.address.startsWith("/");
  const socket = isLocal ? connect(`${host.address}/.s.PGSQL.${host.port}`) : connect({ host: host.address, port: host.port });
  // Whoever waits hears of it in another way; without anybody to hear it, an error of a socket ends the process.
  socket.on("error", () => undefined);
  destroyOn(signal, socket);
  await happens(socket, "connect");
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MILLISECONDS);
  if (isLocal || tls.mode === "disable" || tls.mode === "allow") return socket;
  if (!tls.isDirect && !(await isTlsSpoken(socket))) {
    if (tls.mode === "prefer") return socket;
    socket.destroy();
    throw new DatabaseTlsError(`The database speaks no TLS, which sslmode=${tls.mode} of DATABASE_URL asks for.`);
  }
  return secure(socket, host, tls, signal);
}

async function isTlsSpoken(socket: Socket): Promise<boolean> {
  const reader = readMessages(socket);
  socket.write(TLS_REQUEST);
  const answer = await reader.nextByte();
  reader.release();
  // E: a server that has never heard of it.
  if (!"SNE".includes(answer)) throw notPostgres();
  return answer === "S";
}

async function secure(socket: Socket, host: Host, tls: TlsSettings, signal: AbortSignal): Promise<TLSSocket> {
  try {
    const secured = connectTls({ ...tlsOptions(tls, host), socket });
    secured.on("error", () => undefined);
    destroyOn(signal, secured);
    await happens(secured, "secureConnect");
    return secured;
  } catch (error) {
    socket.destroy();
    throw explainTlsFailure(error, tls);
  }
}

function tlsOptions(tls: TlsSettings, { name }: Host): ConnectionOptions {
  const isChecked = tls.mode === "verify-ca" || tls.mode === "verify-full";
  const read = (file: string | undefined, setting: string) => (file === undefined ? undefined : readCredential(file, setting));
  const ca = read(tls.authorityFile, "sslrootcert");
  const cert = read(tls.certificateFile, "sslcert");
  const key = read(tls.keyFile, "sslkey");
  return {
    rejectUnauthorized: isChecked,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    // An address has no name to send, and still has to stand in the certificate.
    ...(tls.mode === "verify-ca" ? { checkServerIdentity: () => undefined } : isIP(name) === 0 ? {} : { host: name }),
    ...(tls.isDirect ? { ALPNProtocols: ["postgresql"] } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.keyPassword === undefined ? {} : { passphrase: tls.keyPassword }),
    ...(tls.minimumVersion === undefined ? {} : { minVersion: tls.minimumVersion }),
    ...(tls.maximumVersion === undefined ? {} : { maxVersion: tls.maximumVersion }),
  };
}

function readCredential(file: string, setting: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new DatabaseTlsError(`The file that ${setting} of DATABASE_URL names cannot be read.`, { cause });
  }
}

function destroyOn(signal: AbortSignal, socket: Socket): void {
  const destroy = () => socket.destroy(signal.reason);
  if (signal.aborted) destroy();
  else {
    signal.addEventListener("abort", destroy, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", destroy));
  }
}

function happens(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error?: unknown) => reject(error instanceof Error ? error : new LostConnectionError("CONNECTION_CLOSED"));
    socket.once(event, () => {
      socket.off("error", failed).off("close", failed);
      resolve();
    });
    socket.once("error", failed).once("close", failed);
  });
}
