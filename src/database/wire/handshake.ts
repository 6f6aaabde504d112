import { createHash, X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import postgres from "postgres";
import type { ConnectionSettings, Proof } from "../connection-string/connection-settings.ts";
import { type Message, readMessages } from "./message-reader.ts";
import { DatabaseProtocolError, notPostgres } from "./protocol-failure.ts";
import { createScram } from "./scram.ts";
import { DatabaseTlsError } from "./tls-failure.ts";

export interface Greeting {
  /** What the server says of itself, such as `server_encoding`. */
  readonly reported: ReadonlyMap<string, string>;
  /** What came after the last message of the greeting. */
  readonly rest: Buffer;
}

const PROTOCOL_3 = 196_608;
const OK = 0;
const CLEARTEXT = 3;
const MD5 = 5;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

const CANNOT_BIND = "The database offers no channel binding over TLS, which channel_binding=require of DATABASE_URL asks for.";
const UNKNOWN_PROOF = "The database asks DATABASE_URL's user for a proof other than a password (SCRAM-SHA-256, MD5) or a certificate.";

const proofOf: Readonly<Record<number, Proof>> = { [CLEARTEXT]: "password", [MD5]: "md5", [SASL]: "scram-sha-256" };
const unaccepted = (asked: Proof) => `The database asks for another proof (${asked}) than require_auth of DATABASE_URL accepts.`;

type Credentials = Pick<ConnectionSettings, "user" | "password" | "channelBinding" | "acceptedProofs">;

/** Tells the server who we are and proves it. Rejects with what the server says where it lets nobody in. */
export async function greet(socket: Socket, credentials: Credentials, parameters: Readonly<Record<string, string>>): Promise<Greeting> {
  const reader = readMessages(socket);
  const reported = new Map<string, string>();
  socket.write(startupMessage({ user: credentials.user, ...parameters }));
  const authenticate = createAuthentication(socket, credentials);
  for (;;) {
    const message = await reader.nextMessage();
    if (message.letter === "Z") return { reported, rest: reader.release() };
    if (message.letter === "E") throw toError(message.body);
    if (message.letter === "R") await authenticate(message.body);
    else if (message.letter === "S") {
      const [name = "", value = ""] = message.body.toString("utf8").split("\0");
      reported.set(name, value);
    } else if (!"KNv".includes(message.letter)) throw notPostgres();
  }
}

function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
  const body = Buffer.from(`${pairs.join("")}\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.writeUInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}

function createAuthentication(
  socket: Socket,
  { user, password, channelBinding, acceptedProofs }: Credentials,
): (body: Buffer) => Promise<void> {
  let scram: ReturnType<typeof createScram> | undefined;
  let isProven = false;
  let asked: Proof = "none";

  function begin(mechanisms: readonly string[]): void {
    const hash = channelBinding === "disable" ? undefined : certificateHash(socket);
    const isOffered = mechanisms.includes("SCRAM-SHA-256-PLUS");
    if (channelBinding === "require" && (hash === undefined || !isOffered)) throw new DatabaseTlsError(CANNOT_BIND);
    if (!isOffered && !mechanisms.includes("SCRAM-SHA-256")) throw new DatabaseProtocolError(UNKNOWN_PROOF);
    scram = createScram({ password, certificateHash: isOffered ? hash : undefined, isAbleToBind: hash !== undefined });
    const first = Buffer.from(scram.first());
    const length = Buffer.alloc(4);
    length.writeUInt32BE(first.length);
    send(socket, Buffer.concat([Buffer.from(`${scram.mechanism}\0`), length, first]));
  }

  return async (body) => {
    const kind = readKind(body);
    asked = proofOf[kind] ?? asked;
    if ((kind === OK || kind in proofOf) && !acceptedProofs.has(asked)) throw new DatabaseProtocolError(unaccepted(asked));
    const said = body.toString("utf8", 4);
    if (kind === SASL) return begin(said.split("\0").filter((mechanism) => mechanism !== ""));
    if (kind === SASL_CONTINUE && scram !== undefined) return send(socket, Buffer.from(await scram.final(said)));
    if (kind === SASL_FINAL && scram !== undefined) {
      scram.verify(said);
      isProven = true;
      return;
    }
    // A server that lets us in without it could be anybody.
    if (kind === OK && scram !== undefined && !isProven) throw new DatabaseProtocolError("The database left out its part of the proof.");
    if (channelBinding === "require" && !isProven) throw new DatabaseTlsError(CANNOT_BIND);
    if (kind === OK) return;
    if (kind === CLEARTEXT) return send(socket, Buffer.from(`${password}\0`));
    if (kind === MD5) return send(socket, Buffer.from(`md5${md5(md5(password + user), body.subarray(4, 8))}\0`));
    throw new DatabaseProtocolError(UNKNOWN_PROOF);
  };
}

function readKind(body: Buffer): number {
  const kind = body.length < 4 ? undefined : body.readUInt32BE(0);
  if (kind === undefined || (kind === MD5 && body.length !== 8)) throw notPostgres();
  return kind;
}

function send(socket: Socket, body: Buffer): void {
  const head = Buffer.from("p\0\0\0\0");
  head.writeUInt32BE(4 + body.length, 1);
  socket.write(Buffer.concat([head, body]));
}

function md5(...parts: (string | Buffer)[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** RFC 5929, tls-server-end-point: with the hash that the certificate was signed with, or SHA-256 where that is weaker or has none. */
function certificateHash(socket: Socket): Buffer | undefined {
  const raw = socket instanceof TLSSocket ? socket.getPeerCertificate().raw : undefined;
  if (raw === undefined) return undefined;
  const { signatureAlgorithm = "" } = new X509Certificate(raw) as { signatureAlgorithm?: string };
  const [, size = "256"] = /sha-?(256|384|512)/i.exec(signatureAlgorithm || signatureOf(raw)) ?? [];
  return createHash(`sha${size}`).update(raw).digest();
}

/**
 * The object identifiers of signatures with SHA-384 and SHA-512 as they stand in a certificate: by RSA, by ECDSA, and of the hash itself,
 * which RSA-PSS names beside its own.
 */
const signatures = {
  sha384: ["2a864886f70d01010c", "2a8648ce3d040303", "608648016503040202"],
  sha512: ["2a864886f70d01010d", "2a8648ce3d040304", "608648016503040203"],
};

function signatureOf(raw: Buffer): string {
  const found = Object.entries(signatures).find(([, identifiers]) => identifiers.some((identifier) => raw.includes(identifier, 0, "hex")));
  return found?.[0] ?? "sha256";
}

const errorFields: Readonly<Record<string, string>> = {
  S: "severity_local",
  V: "severity",
  C: "code",
  M: "message",
  D: "detail",
  H: "hint",
  R: "routine",
};

function toError(body: Message["body"]): Error {
  const parts = body
    .toString("utf8")
    .split("\0")
    .filter((part) => part !== "");
  const fields = Object.fromEntries(parts.map((part) => [errorFields[part.slice(0, 1)] ?? part.slice(0, 1), part.slice(1)]));
  // The driver's own class, so that what comes now and what comes later are told apart by nobody. It takes what its types do not say.
  const ServerError = postgres.PostgresError as unknown as new (fields: Record<string, string>) => Error;
  return new ServerError(fields);
}
