import type { IncomingHttpHeaders } from "node:http";
import type { ClientInfo } from "../core/client-info.ts";

const MAXIMUM_USER_AGENT = 512;

/** The client that sent a request, as far as the request tells. */
export function clientInfoOf(ipAddress: string | null, headers: IncomingHttpHeaders): ClientInfo {
  const userAgent = headers["user-agent"]?.slice(0, MAXIMUM_USER_AGENT);
  return { ipAddress, userAgent: userAgent ?? null };
}
