import { createHash } from "node:crypto";
import type { ClientInfo } from "../../../core/client-info.ts";
import { networkPrefix } from "../../../core/ip-addresses.ts";
import type { OutboxRow } from "../../../outbox/outbox-store.ts";
import { describePlace, type Informed, type Notices } from "../../users/notices.ts";

/** What somebody signs in from. */
export interface Device {
  /** 16 bytes. */
  readonly fingerprint: Buffer;
  /** For the outbox, where the user is known from elsewhere and not from here; undefined where nobody has proven the address. */
  readonly notice: OutboxRow | undefined;
}

/** Undefined where the operator wants no notice of new ones: then none are noted either. */
export type DeviceOf = (account: Informed, client: ClientInfo, at: Date) => Device | undefined;

const FINGERPRINT_BYTES = 16;
/** IPv4 by /16, IPv6 by /32, which is about what one provider has. */
const NETWORK_PARTS = 2;

export function createDeviceOf({ notices }: { notices: Notices }): DeviceOf {
  return (account, client, at) => {
    if (!notices.isSent("new_device")) return undefined;
    const facts = { at: at.toISOString(), ...describePlace(client) };
    return { fingerprint: fingerprintOf(client), notice: notices.compose(account, { template: "new_device", facts }) };
  };
}

/** The kind of client, whatever its version, in one provider's network: an update or the next address of a phone is nothing new. */
function fingerprintOf({ userAgent, ipAddress }: ClientInfo): Buffer {
  const client = (userAgent ?? "").replace(/\d+(?:[._]\d+)*/g, "");
  return createHash("sha256")
    .update(`${networkPrefix(ipAddress, NETWORK_PARTS)}\n${client}`)
    .digest()
    .subarray(0, FINGERPRINT_BYTES);
}
