import { isIP } from "node:net";
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
  if (!address.includes(":")) return address;
  const groups = groupsOf(address);
  if (groups === undefined) return address;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped)
    return `${groups
      .slice(0, 4)
      .map((group) => group.toString(16))
      .join(":")}::/64`;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}

/** The eight groups of an IPv6 address. `URL` writes every spelling of one in the same way (RFC 5952). */
function groupsOf(address: string): number[] | undefined {
  const bare = address.split("%")[0] ?? "";
  if (isIP(bare) !== 6) return undefined;
  const [head = "", tail] = new URL(`http://[${bare}]/`).hostname.slice(1, -1).split("::");
  const before = parseGroups(head);
  const after = parseGroups(tail ?? "");
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function parseGroups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
