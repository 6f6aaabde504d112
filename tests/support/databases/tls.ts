import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TLSSocket } from "node:tls";
import { parseConnectionString } from "../../../src/database/connection-string/connection-string.ts";
import { openSoleConnection } from "../../../src/database/sole-connection.ts";
import { dial } from "../../../src/database/wire/dial.ts";
import type { Certificate } from "../keys/certificates.ts";
import { until } from "../until.ts";
import type { OwnPostgres } from "./own-postgres.ts";

/** Who may come in, and how: by the role's name. */
export const rules = [
  "host all postgres all scram-sha-256",
  "local all postgres scram-sha-256",
  "hostssl all only_secured all scram-sha-256",
  "hostnossl all only_plain all scram-sha-256",
  "hostssl all by_certificate all cert",
  "hostssl all unproven all trust",
  "host all by_md5 all md5",
];

/** Has the server show this certificate from now on. */
export async function present(server: OwnPostgres, url: string, { file, keyFile }: Certificate): Promise<void> {
  await server.own(keyFile);
  const set = (name: string, value: string) => server.sql.unsafe(`alter system set ${name} = '${value}'`);
  await set("ssl_cert_file", file);
  await set("ssl_key_file", keyFile);
  await set("ssl", "on");
  await server.sql`select pg_reload_conf()`;
  const wanted = new X509Certificate(readFileSync(file)).fingerprint256;
  const settings = parseConnectionString(url);
  const [host] = settings.hosts;
  if (host === undefined) throw new Error("The URL of the test names no host.");
  await until(async () => {
    const socket = await dial(host, settings.tls, AbortSignal.timeout(5000)).catch(() => undefined);
    const shown = (socket as TLSSocket | undefined)?.getPeerCertificate().fingerprint256;
    socket?.destroy();
    return shown === wanted;
  }, 10_000);
}

/** Roles who may come in as `rules` say. */
export async function createRoles({ sql, password }: OwnPostgres): Promise<void> {
  await sql`set password_encryption = 'scram-sha-256'`;
  for (const role of ["only_secured", "only_plain", "by_certificate", "unproven"]) {
    await sql.unsafe(`create role ${role} login password '${password}'`);
  }
  await sql`set password_encryption = 'md5'`;
  await sql.unsafe(`create role by_md5 login password '${password}'`);
}

/** How a connection is secured, as the server sees it. */
export async function ask(url: string): Promise<{ isSecured: unknown; version: unknown; certified: unknown }> {
  const { sql, close } = openSoleConnection(url, { applicationName: "tests" });
  try {
    const [row] = await sql`select ssl, version, client_dn from pg_stat_ssl where pid = pg_backend_pid()`;
    return { isSecured: row?.ssl, version: row?.version, certified: row?.client_dn };
  } finally {
    close();
  }
}
