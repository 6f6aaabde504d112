import type { ClientInfo } from "../../core/client-info.ts";
import { householdOf, ipv6NetworkOf } from "../../core/ip-addresses.ts";

/** Whom calls are counted for: the user where somebody is signed in, else the address. */
export function callerKey(viewer: { readonly userId: string } | undefined, client: ClientInfo): string {
  return viewer === undefined ? addressKey(client) : `user ${viewer.userId}`;
}

/** An IPv6 address counts by its first 64 bits; an IPv4 address is the same one also where it is written as an IPv6 address. */
export function addressKey({ ipAddress }: ClientInfo): string {
  return ipAddress === null ? "address unknown" : `address ${householdOf(ipAddress)}`;
}

/** What is handed out to an organisation: the first 48 bits of an IPv6 address. Undefined for what has no such network around it. */
export function widerAddressKey({ ipAddress }: ClientInfo): string | undefined {
  const network = ipAddress === null ? undefined : ipv6NetworkOf(ipAddress, 3);
  return network && `address ${network}`;
}
