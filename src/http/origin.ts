import type { IncomingHttpHeaders } from "node:http";
import type { Origin } from "../auth/origin.ts";

const MAXIMUM_USER_AGENT = 512;

/** The address of the connection: forwarded-for headers are claims, and nobody is trusted to make them yet. */
export function originOf({ ip, headers }: { readonly ip: string | undefined; readonly headers: IncomingHttpHeaders }): Origin {
  const userAgent = headers["user-agent"]?.slice(0, MAXIMUM_USER_AGENT);
  return { ipAddress: ip ?? null, userAgent: userAgent ?? null };
}
