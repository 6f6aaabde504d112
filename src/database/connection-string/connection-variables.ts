import { problemOfParameter } from "./connection-parameters.ts";

/** The variables that every client of PostgreSQL's own library knows, and the parameters of a connection string that they stand in for. */
const parameterOf = {
  PGHOST: "host",
  PGHOSTADDR: "hostaddr",
  PGPORT: "port",
  PGUSER: "user",
  PGPASSWORD: "password",
  PGDATABASE: "dbname",
  PGSSLMODE: "sslmode",
  PGSSLROOTCERT: "sslrootcert",
  PGSSLCERT: "sslcert",
  PGSSLKEY: "sslkey",
  PGSSLNEGOTIATION: "sslnegotiation",
  PGCHANNELBINDING: "channel_binding",
  PGREQUIREAUTH: "require_auth",
  PGTARGETSESSIONATTRS: "target_session_attrs",
  PGCONNECT_TIMEOUT: "connect_timeout",
  PGAPPNAME: "application_name",
  PGOPTIONS: "options",
};

type ConnectionVariable = keyof typeof parameterOf;
const connectionVariables = Object.keys(parameterOf) as ConnectionVariable[];

export interface CompletedString {
  readonly url: string;
  /** Of variables that it lacks and that cannot be used; none repeats the value. */
  readonly problems: readonly { readonly variable: string; readonly problem: string }[];
}

/** A connection string with what it leaves out, as far as the variables say it. What it says itself stays. */
export function completeConnectionString(url: string, variable: (name: string) => string | undefined): CompletedString {
  const added: string[] = [];
  const problems: { variable: string; problem: string }[] = [];
  for (const name of listMissing(url)) {
    const value = variable(name);
    if (value === undefined) continue;
    const problem = problemOfParameter(parameterOf[name], value);
    if (problem === undefined) added.push(`${parameterOf[name]}=${encodeURIComponent(value)}`);
    else problems.push({ variable: name, problem });
  }
  if (added.length === 0) return { url, problems };
  return { url: `${url}${url.includes("?") ? "&" : "?"}${added.join("&")}`, problems };
}

const PARTS = /^[a-z]+:\/\/(?:([^/?@:]*)(?::([^/?]*))?@)?([^/?]*)\/?([^?]*)\??(.*)$/s;

function listMissing(url: string): readonly ConnectionVariable[] {
  const [, user, password, hosts = "", path, query = ""] = PARTS.exec(url) ?? [];
  const parameters = new Set(query.split("&").map((pair) => pair.slice(0, Math.max(0, pair.indexOf("=")))));
  const said: Partial<Record<ConnectionVariable, unknown>> = {
    PGHOST: hosts || parameters.has("hostaddr"),
    PGHOSTADDR: hosts || parameters.has("host"),
    PGPORT: /:\d+/.test(hosts),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: path,
    PGSSLMODE: parameters.has("ssl"),
  };
  return connectionVariables.filter((name) => !said[name] && !parameters.has(parameterOf[name]));
}
