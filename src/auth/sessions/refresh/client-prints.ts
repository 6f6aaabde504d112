import type { ClientInfo } from "../../../core/client-info.ts";
import { describeDevice } from "../../../core/describe-device.ts";
import { networkPrefix } from "../../../core/ip-addresses.ts";
import { sha256 } from "../../../core/sha256.ts";

const PRINT_BYTES = 8;
/** IPv4 by /24; IPv6 by /48, which is one site (RFC 6177): within it a device changes its address every day (RFC 8981). */
const NETWORK_PARTS = 3;

/**
 * What tells the clients of one session apart: the network and the kind of program. An update, and the next address of the same
 * network, make no other client. Facts that a client states of itself: good enough to notice a thief, never to let anybody in.
 */
export function clientPrintOf({ ipAddress, userAgent }: ClientInfo): Buffer {
  return sha256(`${networkPrefix(ipAddress, NETWORK_PARTS)}\n${programOf(userAgent ?? "")}`).subarray(0, PRINT_BYTES);
}

/** In the words of `describeDevice`, and by the name that a program gives itself first: `curl` is not `node`. */
function programOf(userAgent: string): string {
  const [name = ""] = userAgent.split(/[/\s(;]/, 1);
  return `${name}\n${describeDevice(userAgent)}`;
}
