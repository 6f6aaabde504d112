import type { FastifyInstance } from "fastify";
import { StartupError } from "../auth/errors.ts";

const problems: Readonly<Record<string, string>> = {
  EADDRINUSE: "PORT is in use by another process; stop that one, or set another PORT.",
  EACCES: "PORT needs rights that this account lacks; set one above 1023.",
  EADDRNOTAVAIL: "HOST is no address of this machine; set one that is, or 0.0.0.0 for all.",
  ENOTFOUND: "HOST is not known; set an address of this machine, or 0.0.0.0 for all.",
};

/** Listens, or says which setting prevents it. The address, as a URL. */
export async function listen(app: FastifyInstance, at: { host: string; port: number }): Promise<string> {
  try {
    return await app.listen(at);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new StartupError(problems[code] ?? `HOST and PORT cannot be listened on (${code}).`, { cause });
  }
}
