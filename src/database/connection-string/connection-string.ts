import { userInfo } from "node:os";
import { problemOfParameter } from "./connection-parameters.ts";
import type { ConnectionSettings, Host, Proof, TlsSettings } from "./connection-settings.ts";

/** The message says what is wrong, and never repeats what could be a password. */
export class ConnectionStringError extends Error {
  override readonly name = "ConnectionStringError";
}

const CONNECT_SECONDS = 5;
/** Where another one can be asked instead, within the time that a statement has. */
const CONNECT_SECONDS_OF_SEVERAL = 2;
const DEFAULT_PORT = 5432;

type Parameters = ReadonlyMap<string, string>;

/** A connection string as libpq reads it: `postgres://user:password@host:port/database?parameter=value`. */
export function parseConnectionString(written: string): ConnectionSettings {
  const [, authority = "", path = "", query = ""] = /^postgres(?:ql)?:\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(written) ?? [];
  if (!/^postgres(ql)?:\/\//.test(written) || /[\s#]/.test(written)) throw new ConnectionStringError(URL_PROBLEM);
  if (authority + path + query === "") throw new ConnectionStringError(URL_PROBLEM);
  const at = authority.lastIndexOf("@");
  const [writtenUser = "", ...writtenPassword] = authority.slice(0, Math.max(0, at)).split(":");
  const parameters = readParameters(query);
  const hosts = readHosts(authority.slice(at + 1), parameters);
  const user = decode(writtenUser) || parameters.get("user") || systemUser();
  return {
    hosts,
    user,
    password: decode(writtenPassword.join(":")) || parameters.get("password") || "",
    database: decode(path) || parameters.get("dbname") || user,
    tls: readTls(parameters),
    channelBinding: (parameters.get("channel_binding") ?? "prefer") as ConnectionSettings["channelBinding"],
    acceptedProofs: readProofs(parameters.get("require_auth") ?? ""),
    connectMilliseconds: 1000 * readConnectSeconds(parameters, hosts.length),
    parameters: readServerParameters(parameters),
    preparesStatements: readPreparing(parameters),
    needsWritable: ["read-write", "primary"].includes(parameters.get("target_session_attrs") ?? "any"),
  };
}

/** A container may run under a number that has no name. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "postgres";
  }
}

const URL_PROBLEM = "must be a postgres:// or postgresql:// URL; special characters in its user name and password must be percent-encoded.";

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ConnectionStringError(URL_PROBLEM);
  }
}

function readParameters(query: string): Parameters {
  const parameters = new Map<string, string>();
  for (const pair of query.split("&").filter((part) => part !== "")) {
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decode(pair.slice(equals + 1));
    const problem = problemOfParameter(name, value);
    if (problem !== undefined) throw new ConnectionStringError(`cannot be used: ${problem}`);
    parameters.set(name, value);
  }
  return parameters;
}

function readHosts(authority: string, parameters: Parameters): Host[] {
  const written = authority === "" ? [] : authority.split(",").map(splitPort);
  const names = parameters.get("host")?.split(",") ?? written.map(({ name }) => name);
  const addresses = parameters.get("hostaddr")?.split(",") ?? [];
  const ports = parameters.get("port")?.split(",");
  if (names.length === 0) names.push(...(addresses.length > 0 ? addresses : [""]));
  return names.map((written_, index) => {
    const name = written_ || addresses[index] || "localhost";
    const port = ports === undefined ? written[index]?.port : Number(ports[index] ?? ports[0]);
    return { name, address: addresses[index] || name, port: port ?? DEFAULT_PORT };
  });
}

/** `host`, `host:5432`, `[::1]:5432`, `%2Fvar%2Frun`. */
function splitPort(written: string): { name: string; port: number | undefined } {
  const [, bracketed, plain = "", port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d*))?$/.exec(written) ?? [undefined, undefined, undefined, "bad"];
  if (port !== undefined && port !== "" && !(Number(port) >= 1 && Number(port) <= 65_535)) throw new ConnectionStringError(URL_PROBLEM);
  const name = decode(bracketed ?? plain);
  if (/[@\s]/.test(name)) throw new ConnectionStringError(URL_PROBLEM);
  return { name, port: port ? Number(port) : undefined };
}

const modeOfSsl: Readonly<Record<string, string>> = { true: "require", "1": "require", false: "disable", "0": "disable" };

function readTls(parameters: Parameters): TlsSettings {
  const ssl = parameters.get("ssl");
  const asked = parameters.get("sslmode") ?? (ssl === undefined ? undefined : (modeOfSsl[ssl] ?? ssl));
  const authority = parameters.get("sslrootcert") || undefined;
  const authorityFile = authority === "system" ? undefined : authority;
  const mode = asked ?? (authority === "system" ? "verify-full" : "prefer");
  if (authority === "system" && mode !== "verify-full")
    throw new ConnectionStringError("cannot be used: parameter sslrootcert=system goes with sslmode=verify-full only, or with none.");
  // As libpq has it: whoever names an authority and asks for `require` means that the certificate is to come from there.
  const strict = mode === "no-verify" ? "require" : mode === "require" && authorityFile !== undefined ? "verify-ca" : mode;
  return {
    mode: strict as TlsSettings["mode"],
    isDirect: parameters.get("sslnegotiation") === "direct",
    authorityFile: mode === "no-verify" ? undefined : authorityFile,
    certificateFile: parameters.get("sslcert") || undefined,
    keyFile: parameters.get("sslkey") || undefined,
    keyPassword: parameters.get("sslpassword"),
    minimumVersion: parameters.get("ssl_min_protocol_version") as TlsSettings["minimumVersion"],
    maximumVersion: parameters.get("ssl_max_protocol_version") as TlsSettings["maximumVersion"],
  };
}

function readConnectSeconds(parameters: Parameters, hosts: number): number {
  return Number(parameters.get("connect_timeout") ?? 0) || (hosts > 1 ? CONNECT_SECONDS_OF_SEVERAL : CONNECT_SECONDS);
}

const proofs: readonly Proof[] = ["password", "md5", "scram-sha-256", "none"];

/** Those that are named, or all but those where they are named with `!`. */
function readProofs(written: string): ReadonlySet<Proof> {
  const named = written.split(",");
  const isExcluding = written === "" || written.startsWith("!");
  return new Set(proofs.filter((proof) => (isExcluding ? !named.includes(`!${proof}`) : named.includes(proof))));
}

function readServerParameters(parameters: Parameters): Record<string, string> {
  const name = parameters.get("application_name") ?? parameters.get("fallback_application_name");
  const options = parameters.get("options");
  return { ...(name ? { application_name: name } : {}), ...(options ? { options } : {}) };
}

/** Prisma's `pgbouncer=true`, postgres.js' `prepare=false` and `statement_cache_size=0` of several say the same. */
function readPreparing(parameters: Parameters): boolean | undefined {
  const isOff =
    parameters.get("pgbouncer") === "true" ||
    parameters.get("prepare") === "false" ||
    Number(parameters.get("statement_cache_size") ?? 1) === 0;
  return isOff ? false : undefined;
}
