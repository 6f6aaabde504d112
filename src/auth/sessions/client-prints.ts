import { isIP } from "node:net";
import { describeDevice } from "../describe-device.ts";
import { parseIpAddress } from "../ip-addresses.ts";
import type { Origin } from "../origin.ts";
import { sha256 } from "../sha256.ts";

const PRINT_BYTES = 8;

/**
 * What tells the clients of one session apart: the network and the kind of program. An update, and the next address of the same
 * network, make no other client. Facts that a client states of itself: good enough to notice a thief, never to let anybody in.
 */
export function clientPrintOf({ ipAddress, userAgent }: Origin): Buffer {
  return sha256(`${networkOf(ipAddress)}\n${programOf(userAgent ?? "")}`).subarray(0, PRINT_BYTES);
}

/** IPv4 by /24; IPv6 by /48, which is one site (RFC 6177): within it a device changes its address every day (RFC 8981). */
function networkOf(address: string | null): string {
  if (address === null) return "";
  if (isIP(address) === 4) return address.slice(0, address.lastIndexOf("."));
  const parsed = parseIpAddress(address);
  if (parsed === undefined) return "";
  return parsed.version === 4 ? parsed.octets.slice(0, 3).join(".") : parsed.groups.slice(0, 3).join(":");
}

/** In the words of `describeDevice`, and by the name that a program gives itself first: `curl` is not `node`. */
function programOf(userAgent: string): string {
  const [name = ""] = userAgent.split(/[/\s(;]/, 1);
  return `${name}\n${describeDevice(userAgent)}`;
}
