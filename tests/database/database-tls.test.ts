import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openSoleConnection } from "../../src/database/sole-connection.ts";
import { RefreshDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { type OwnPostgres, startOwnPostgres } from "../support/databases/own-postgres.ts";
import { ask, createRoles, present, rules } from "../support/databases/tls.ts";
import { makeReachableFolder } from "../support/folders.ts";
import { startTestGateway, TEST_SECRET } from "../support/gateway.ts";
import { type Certificate, makeCertificate } from "../support/keys/certificates.ts";
import { failToStart } from "../support/processes/command-line.ts";
import { openRawClient } from "../support/raw-client.ts";

const RSA = ["-newkey", "rsa:2048"];
const names = "DNS:db.test,IP:127.0.0.1";

let folder: string;
let server: OwnPostgres;
let authority: Certificate;
let presented: Certificate;
beforeAll(async () => {
  folder = await makeReachableFolder("gateway-tls-");
  server = await startOwnPostgres(join(folder, "server"), rules);
  authority = await makeCertificate(folder, "authority");
  await makeCertificate(folder, "others");
  presented = await makeCertificate(folder, "db.test", { authority, names, how: RSA });
  await server.sql.unsafe(`alter system set ssl_ca_file = '${authority.file}'`);
  await show(presented);
  await createRoles(server);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Has the server show this certificate from now on. */
const show = (certificate: Certificate) => present(server, urlOf("sslmode=require"), certificate);

/** `db.test` is this machine, without anybody who resolves it. */
function urlOf(query: string, { host = "db.test", role = "postgres" } = {}): string {
  const address = host === "db.test" ? "&hostaddr=127.0.0.1" : "";
  return `postgres://${role}:${server.password}@${host}:${server.port}/postgres?${query}${address}`.replaceAll("FOLDER", folder);
}

describe("a database that speaks TLS", () => {
  test.each([
    ["sslmode=disable", {}, false],
    ["ssl=false", {}, false],
    ["sslmode=allow", {}, false],
    ["sslmode=allow", { role: "only_secured" }, true],
    ["", {}, true],
    ["sslmode=prefer", {}, true],
    ["sslmode=prefer", { role: "only_plain" }, false],
    ["sslmode=require", {}, true],
    ["ssl=true", {}, true],
    ["sslmode=no-verify", {}, true],
    ["sslmode=require&uselibpqcompat=true", {}, true],
    ["sslmode=require&sslrootcert=FOLDER/authority.pem", {}, true],
    ["sslmode=verify-ca&sslrootcert=FOLDER/authority.pem", {}, true],
    ["sslmode=verify-ca&sslrootcert=FOLDER/authority.pem", { host: "localhost" }, true],
    ["sslmode=verify-full&sslrootcert=FOLDER/authority.pem", {}, true],
    ["sslmode=verify-full&sslrootcert=FOLDER/authority.pem", { host: "127.0.0.1" }, true],
    ["sslmode=verify-full&sslrootcert=FOLDER/authority.pem&sslnegotiation=direct", {}, true],
    ["channel_binding=require", {}, true],
    ["sslmode=require&channel_binding=disable", {}, true],
    ["require_auth=scram-sha-256", {}, true],
    ["require_auth=!password,!none", {}, true],
    ["require_auth=md5", { role: "by_md5" }, true],
    ["require_auth=none", { role: "unproven" }, true],
  ])("is connected to by %s, %o, as the string says", async (query, who, isSecured) => {
    expect((await ask(urlOf(query, who))).isSecured).toBe(isSecured);
  });

  test("is spoken to in the version of TLS that the string asks for", async () => {
    expect((await ask(urlOf("sslmode=require&ssl_max_protocol_version=TLSv1.2"))).version).toBe("TLSv1.2");
    expect((await ask(urlOf("sslmode=require&ssl_min_protocol_version=TLSv1.3"))).version).toBe("TLSv1.3");
  });

  test("knows us by a certificate, whose key may be encrypted", async () => {
    await makeCertificate(folder, "by_certificate", { authority });
    await makeCertificate(folder, "encrypted", { authority, subject: "by_certificate", keyPassword: "open sesame", how: RSA });
    const plain = "sslmode=require&sslcert=FOLDER/by_certificate.pem&sslkey=FOLDER/by_certificate.key";
    const encrypted = "sslmode=require&sslcert=FOLDER/encrypted.pem&sslkey=FOLDER/encrypted.key&sslpassword=open%20sesame";
    for (const query of [plain, encrypted]) {
      expect((await ask(urlOf(query, { role: "by_certificate" }))).certified).toBe("/CN=by_certificate");
    }
  });

  test.each([
    [
      "another host",
      "sslmode=verify-full&sslrootcert=FOLDER/authority.pem",
      { host: "localhost" },
      "is for another host. Write that host into DATABASE_URL, or sslmode=verify-ca",
    ],
    [
      "another authority",
      "sslmode=verify-full&sslrootcert=FOLDER/others.pem",
      {},
      "does not come from the authority in the file that sslrootcert",
    ],
    [
      "another authority",
      "sslmode=verify-ca&sslrootcert=FOLDER/others.pem",
      {},
      "does not come from the authority in the file that sslrootcert",
    ],
    [
      "another authority",
      "sslmode=require&sslrootcert=FOLDER/others.pem",
      {},
      "does not come from the authority in the file that sslrootcert",
    ],
    ["no known authority", "sslmode=verify-full", {}, "Name the authority's file with sslrootcert in DATABASE_URL"],
    ["no known authority", "sslrootcert=system", {}, "Name the authority's file with sslrootcert in DATABASE_URL"],
    [
      "a file that is missing",
      "sslmode=verify-full&sslrootcert=FOLDER/none.pem",
      {},
      "The file that sslrootcert of DATABASE_URL names cannot be read",
    ],
    ["a file that is no certificate", "sslmode=verify-full&sslrootcert=FOLDER/authority.key", {}, "sslrootcert"],
    ["a key of another certificate", "sslmode=require&sslcert=FOLDER/others.pem&sslkey=FOLDER/authority.key", {}, "sslkey"],
    [
      "a certificate of ours that the server does not trust",
      "sslmode=require&sslcert=FOLDER/others.pem&sslkey=FOLDER/others.key",
      { role: "by_certificate" },
      "See sslmode, sslcert, sslkey",
    ],
    [
      "a version that is too old",
      "sslmode=require&ssl_max_protocol_version=TLSv1.1",
      {},
      "See sslmode, sslcert, sslkey and ssl_min_protocol_version",
    ],
    ["nothing to bind to", "sslmode=disable&channel_binding=require", {}, "channel_binding=require of DATABASE_URL"],
    [
      "nobody who proves anything",
      "sslmode=require&channel_binding=require",
      { role: "unproven" },
      "channel_binding=require of DATABASE_URL",
    ],
    [
      "a proof that binds nothing",
      "sslmode=require&channel_binding=require",
      { role: "by_md5" },
      "channel_binding=require of DATABASE_URL",
    ],
    ["a weaker proof", "require_auth=scram-sha-256", { role: "by_md5" }, "require_auth of DATABASE_URL"],
    ["no proof at all", "require_auth=!none", { role: "unproven" }, "require_auth of DATABASE_URL"],
  ])("is refused for %s (%s), by the setting that mends it", async (_what, query, who, message) => {
    await expect(ask(urlOf(query, who))).rejects.toThrow(message);
  });

  test.each([
    ["RSA with SHA-512", [...RSA, "-sha512"]],
    ["RSA-PSS with SHA-384", [...RSA, "-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"]],
    ["ECDSA with SHA-384", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1", "-sha384"]],
    ["ECDSA with SHA-256", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-sha256"]],
  ])("is bound to by its certificate, signed with %s", async (name, how) => {
    await show(await makeCertificate(folder, name, { names, how }));
    expect((await ask(urlOf("channel_binding=require"))).isSecured).toBe(true);
    await show(presented);
  });

  test("serves a gateway, whose every connection is secured", async () => {
    const url = urlOf("sslmode=verify-full&sslrootcert=FOLDER/authority.pem&channel_binding=require");
    const sql = openRawClient(`postgres://postgres:${server.password}@127.0.0.1:${server.port}/postgres`);
    const gateway = await startTestGateway({ database: { url, sql, drop: () => Promise.resolve() } });
    const { refreshToken } = await gateway.register();
    dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } }));
    const rows = await sql`
      select application_name as name, bool_and(ssl) as secured from pg_stat_activity join pg_stat_ssl using (pid)
      where application_name like 'graphql-auth-gateway%' group by 1 order by 1`;
    expect([...rows]).toEqual([
      { name: "graphql-auth-gateway", secured: true },
      { name: "graphql-auth-gateway revocations", secured: true },
    ]);
    await gateway.close();
    await sql.end();
  });
});

test("a database that speaks no TLS is not spoken to where the string asks for it", async () => {
  const { host, password } = new URL(inject("serverUrl"));
  const url = (mode: string) => `postgres://postgres:${password}@${host}/postgres?sslmode=${mode}`;
  expect((await ask(url("prefer"))).isSecured).toBe(false);
  for (const mode of ["require", "verify-ca", "verify-full"]) {
    await expect(ask(url(mode))).rejects.toThrow(`The database speaks no TLS, which sslmode=${mode} of DATABASE_URL asks for.`);
  }
});

test("a server that cannot trust its database does not start, and says which setting to mend and nothing else", async () => {
  const env = { DATABASE_URL: urlOf("sslmode=verify-full&sslrootcert=FOLDER/others.pem"), SECRET: TEST_SECRET };
  const { code, stderr } = await failToStart(env);
  expect([code, stderr]).toEqual([
    1,
    "The database's certificate does not come from the authority in the file that sslrootcert of DATABASE_URL names.\n",
  ]);
});

test.each([
  ["a folder in the query", () => `postgres://postgres:${server.password}@/postgres?host=${server.socketFolder}&port=${server.port}`],
  [
    "a folder in place of the host",
    () => `postgres://postgres:${server.password}@${encodeURIComponent(server.socketFolder)}:${server.port}/postgres`,
  ],
  [
    "nothing but parameters",
    () => `postgres:///postgres?host=${server.socketFolder}&port=${server.port}&user=postgres&password=${server.password}`,
  ],
  [
    "sslmode=require, which means nothing there",
    () => `postgres://postgres:${server.password}@/postgres?host=${server.socketFolder}&port=${server.port}&sslmode=require`,
  ],
])("a database is reached over a Unix socket: %s", async (_how, url) => {
  const { sql, close } = openSoleConnection(url(), { applicationName: "tests" });
  expect((await sql`select inet_client_addr() as address`)[0]?.address).toBeNull();
  close();
});

test("a Unix socket that is not there is out of reach", async () => {
  await expect(ask(`postgres://postgres:x@/postgres?host=${folder}`)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a database is reached at an address of IPv6, with TLS and without", async () => {
  for (const [mode, isSecured] of [
    ["disable", false],
    ["require", true],
  ] as const) {
    expect((await ask(urlOf(`sslmode=${mode}`, { host: "[::1]" }))).isSecured).toBe(isSecured);
  }
  await expect(ask(urlOf("sslmode=verify-full&sslrootcert=FOLDER/authority.pem", { host: "[::1]" }))).rejects.toThrow(
    "is for another host",
  );
});
