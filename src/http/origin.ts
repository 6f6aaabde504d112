import type { IncomingHttpHeaders } from "node:http";
import type { Origin } from "../core/origin.ts";

const MAXIMUM_USER_AGENT = 512;

/** Who calls, as far as a request tells. */
export function originOf(ipAddress: string | null, headers: IncomingHttpHeaders): Origin {
  const userAgent = headers["user-agent"]?.slice(0, MAXIMUM_USER_AGENT);
  return { ipAddress, userAgent: userAgent ?? null };
}
