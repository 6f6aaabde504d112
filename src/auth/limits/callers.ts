import { parseIpAddress } from "../ip-addresses.ts";
import type { Origin } from "../origin.ts";

/** Whom calls are counted for: the user where somebody is signed in, else the address. */
export function callerKey(viewer: { readonly userId: string } | undefined, origin: Origin): string {
  return viewer === undefined ? addressKey(origin) : `user ${viewer.userId}`;
}

/**
 * An IPv6 address counts by its first 64 bits, because every household has as many as it likes below them; an IPv4 address is the same
 * one also where it is written as an IPv6 address.
 */
export function addressKey({ ipAddress }: Origin): string {
  return ipAddress === null ? "address unknown" : `address ${networkOf(ipAddress)}`;
}

function networkOf(address: string): string {
  const parsed = parseIpAddress(address);
  if (parsed === undefined) return address;
  if (parsed.version === 4) return parsed.octets.join(".");
  const groups = parsed.groups.slice(0, 4).map((group) => group.toString(16));
  return `${groups.join(":")}::/64`;
}
