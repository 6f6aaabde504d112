/** What a parameter of a connection string may be. The messages complete "parameter sslmode …"; none repeats the value. */
export type ParameterRule =
  | { readonly kind: "ignored" }
  | { readonly kind: "value"; readonly problem?: (value: string) => string | undefined };

const ignored: ParameterRule = { kind: "ignored" };
const text: ParameterRule = { kind: "value" };

function oneOf(...values: readonly string[]): ParameterRule {
  return { kind: "value", problem: (value) => (values.includes(value) ? undefined : `must be one of ${values.join(", ")}.`) };
}

function only(allowed: readonly string[], why: string): ParameterRule {
  return { kind: "value", problem: (value) => (allowed.includes(value) ? undefined : why) };
}

const METHOD = "(password|md5|gss|sspi|scram-sha-256|none)";
const METHODS = new RegExp(`^(${METHOD}(,${METHOD})*|!${METHOD}(,!${METHOD})*)?$`);

const unsupported = only([], "is not supported here.");
const ssl = oneOf("disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify");
const tlsVersion = oneOf("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");
const isPort = (value: string) => /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535;

/** What libpq knows, as far as it means something here. */
const ofLibpq: Readonly<Record<string, ParameterRule>> = {
  host: text,
  hostaddr: text,
  port: {
    kind: "value",
    problem: (value) => (value.split(",").every(isPort) ? undefined : "must be a port from 1 to 65535, or one for each host."),
  },
  user: text,
  password: text,
  dbname: text,
  sslmode: ssl,
  sslrootcert: text,
  sslcert: text,
  sslkey: text,
  sslpassword: text,
  sslnegotiation: oneOf("postgres", "direct"),
  ssl_min_protocol_version: tlsVersion,
  ssl_max_protocol_version: tlsVersion,
  channel_binding: oneOf("disable", "prefer", "require"),
  require_auth: {
    kind: "value",
    problem: (value) =>
      METHODS.test(value) ? undefined : "must be a list of password, md5, scram-sha-256 and none, or of those with ! before each of them.",
  },
  gssencmode: only(["disable", "prefer"], "must be disable or prefer: GSSAPI is not spoken here."),
  connect_timeout: { kind: "value", problem: (value) => (/^\d{1,4}$/.test(value) ? undefined : "must be a number of seconds.") },
  application_name: text,
  fallback_application_name: text,
  options: text,
  client_encoding: only(["auto", "UTF8", "utf8", "UTF-8", "utf-8"], "must be UTF8."),
  target_session_attrs: only(["any", "read-write", "primary"], "must be any, read-write or primary: sessions are written."),
  load_balance_hosts: only(["disable"], "must be disable: the first host that lets us in is taken."),
  // The system's own keep-alive is always on, and every statement has its time.
  keepalives: ignored,
  keepalives_idle: ignored,
  keepalives_interval: ignored,
  keepalives_count: ignored,
  tcp_user_timeout: ignored,
  sslcompression: ignored,
  sslsni: ignored,
  krbsrvname: ignored,
  gsslib: ignored,
  gssdelegation: ignored,
  // Version 3.0 of the protocol is spoken, which every server speaks.
  max_protocol_version: ignored,
  min_protocol_version: only(["3.0"], "must be 3.0."),
  sslcertmode: only(["allow"], "must be allow: a certificate is shown where sslcert names one."),
  // Whoever asks for these is to know that nobody does it.
  ...Object.fromEntries(["sslcrl", "sslcrldir", "requirepeer", "passfile", "service", "replication"].map((name) => [name, unsupported])),
};

/** What ORMs and drivers add for themselves. */
const ofOthers: Readonly<Record<string, ParameterRule>> = {
  ssl: oneOf("true", "false", "1", "0", "disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"),
  // Those that say that a pooler cannot keep prepared statements.
  pgbouncer: oneOf("true", "false"),
  prepare: oneOf("true", "false"),
  statement_cache_size: { kind: "value", problem: (value) => (/^\d{1,6}$/.test(value) ? undefined : "must be a number.") },
  // Prisma: the tables' own schema is DATABASE_SCHEMA.
  schema: ignored,
  connection_limit: ignored,
  pool_timeout: ignored,
  socket_timeout: ignored,
  sslaccept: ignored,
  sslidentity: ignored,
  max_idle_connection_lifetime: ignored,
  max_connection_lifetime: ignored,
  single_use_connections: ignored,
  // node-postgres, postgres.js, SQLAlchemy, asyncpg, lib/pq, pgx, JDBC, and the consoles of providers.
  uselibpqcompat: ignored,
  max: ignored,
  pool: ignored,
  pool_size: ignored,
  pool_mode: ignored,
  pool_max_conns: ignored,
  pool_min_conns: ignored,
  idle_timeout: ignored,
  max_lifetime: ignored,
  fetch_types: ignored,
  binary_parameters: ignored,
  prepared_statement_cache_size: ignored,
  default_query_exec_mode: ignored,
  prepareThreshold: ignored,
  preparedStatementCacheQueries: ignored,
  reWriteBatchedInserts: ignored,
  supa: ignored,
  workaround: ignored,
  serverVersion: ignored,
  charset: ignored,
};

const rules = new Map(Object.entries({ ...ofLibpq, ...ofOthers }));

/** What is wrong with one parameter, undefined for nothing. */
export function problemOfParameter(name: string, value: string): string | undefined {
  const rule = rules.get(name);
  if (rule === undefined) return `parameter ${shown(name)} is not known; settings of the server go into options=-c%20name%3Dvalue.`;
  const problem = rule.kind === "value" ? rule.problem?.(value) : undefined;
  return problem === undefined ? undefined : `parameter ${name} ${problem}`;
}

/** A name that could be a piece of a password which was not percent-encoded is not repeated. */
function shown(name: string): string {
  return /^[A-Za-z_]{1,40}$/.test(name) ? name : "(with a name that is none)";
}
