import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Origin } from "../auth/origin.ts";

const MAXIMUM_USER_AGENT = 512;

/** The address of the connection, or the one that a trusted proxy has seen: anybody else's forwarded-for header is only a claim. */
export function originOf({ ip, headers }: { readonly ip: string | undefined; readonly headers: IncomingHttpHeaders }): Origin {
  const userAgent = headers["user-agent"]?.slice(0, MAXIMUM_USER_AGENT);
  return { ipAddress: readAddress(ip ?? ""), userAgent: userAgent ?? null };
}

/** Proxies may add the port, and an IPv4 client of an IPv6 socket has an address of both kinds. Null for what is no address. */
function readAddress(written: string): string | null {
  if (isIP(written) === 4) return written;
  const bare = /^\[(.+)\](:\d+)?$/.exec(written)?.[1] ?? /^([\d.]+):\d+$/.exec(written)?.[1] ?? written;
  const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  return isIP(address) === 0 ? null : address;
}
