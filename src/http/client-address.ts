import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import proxyAddress from "@fastify/proxy-addr";

/** The address that a request or a WebSocket came from, bare; null where what a trusted proxy says is none. */
export type ClientAddressOf = (request: Pick<IncomingMessage, "headers" | "socket">) => string | null;

export interface ClientAddressOptions {
  /** Addresses and networks whose word is taken for where a request came from. */
  readonly trustedProxies: readonly string[];
  /** Told once, with the address of the connection, when somebody who is not listed says where a request came from. */
  readonly onUnlistedProxy: (peer: string) => void;
}

/**
 * `X-Forwarded-For` is believed as far as it was written by trusted proxies: from the right, up to the first address that is none of theirs. Anybody
 * else's is only a claim. `Forwarded` (RFC 7239) is not read.
 */
export function createClientAddressOf({ trustedProxies, onUnlistedProxy }: ClientAddressOptions): ClientAddressOf {
  const isListed = trustedProxies.length === 0 ? () => false : proxyAddress.compile([...trustedProxies]);
  let isTold = false;

  function isTrusted(written: string | undefined, hop: number): boolean {
    const address = readAddress(written ?? "");
    return address !== null && isListed(address, hop);
  }

  function tellOnce(peer: string | null): void {
    if (isTold || peer === null) return;
    isTold = true;
    onUnlistedProxy(peer);
  }

  return ({ headers, socket }) => {
    const peer = readAddress(socket.remoteAddress ?? "");
    const claimed = headers["x-forwarded-for"];
    if (claimed === undefined && headers.forwarded === undefined) return peer;
    if (!isTrusted(peer ?? "", 0)) {
      tellOnce(peer);
      return peer;
    }
    if (claimed === undefined) return peer;
    const hops = String(claimed)
      .split(",")
      .map((hop) => hop.trim())
      .filter((hop) => hop !== "");
    const client = hops.findLast((hop, index) => !isTrusted(hop, hops.length - index)) ?? hops[0];
    return client === undefined ? peer : readAddress(client);
  };
}

/** Proxies may add the port, and an IPv4 client of an IPv6 socket has an address of both kinds. Null for what is no address. */
function readAddress(written: string): string | null {
  if (isIP(written) === 4) return written;
  const bare = /^\[(.+)\](:\d+)?$/.exec(written)?.[1] ?? /^([\d.]+):\d+$/.exec(written)?.[1] ?? written;
  const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  return isIP(address) === 0 ? null : address;
}
