import { once } from "node:events";
import { createServer } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Config } from "../../config/config.ts";
import { StartupError } from "../../core/errors.ts";

interface Place {
  readonly host: string;
  readonly port: number;
}
type PortVariable = "PORT" | "METRICS_PORT";

const LAST_PORT = 65_535;

/** Listens, or says which setting prevents it. The address, as a URL. */
export async function listen(app: FastifyInstance, at: Place): Promise<string> {
  return app.listen(at).catch((cause: unknown) => refuse("PORT", at, cause));
}

/** Before anything else is started, which would be for nothing. Another process may still take a port between. */
export async function requireFreePorts({ http: { host, port }, telemetry: { metricsPort = 0 } }: Pick<Config, "http" | "telemetry">) {
  await requireFreePort("PORT", { host, port });
  await requireFreePort("METRICS_PORT", { host, port: metricsPort });
}

async function requireFreePort(variable: PortVariable, at: Place): Promise<void> {
  if (at.port === 0) return;
  const probe = createServer().listen(at);
  await once(probe, "listening").catch((cause: unknown) => refuse(variable, at, cause));
  const closed = once(probe, "close");
  probe.close();
  await closed;
}

/** Throws a StartupError about the setting that is to be changed. */
export function refuse(variable: PortVariable, { port }: Place, cause: unknown): never {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const other = port < LAST_PORT ? port + 1 : port - 1;
  const problems: Readonly<Record<string, string>> = {
    EADDRINUSE: `${variable} ${port} is in use by another process; stop that one, or set another, such as ${variable}=${other}.`,
    EACCES: `${variable} ${port} needs rights that this account lacks; set one above 1023.`,
    EADDRNOTAVAIL: "HOST is no address of this machine; set one that is, or 0.0.0.0 for all.",
    ENOTFOUND: "HOST is not known; set an address of this machine, or 0.0.0.0 for all.",
  };
  throw new StartupError(problems[code] ?? `HOST and ${variable} cannot be listened on (${code}).`, { cause });
}
