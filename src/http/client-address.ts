import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import proxyAddress from "@fastify/proxy-addr";

/** The address that a request or a WebSocket came from, bare; null where what a trusted proxy says is none. */
export type ClientAddressOf = (request: Pick<IncomingMessage, "headers" | "socket">) => string | null;

export interface ClientAddressOptions {
  /** Addresses and networks whose word is taken for where a request came from. */
  readonly trustedProxies: readonly string[];
  /**
   * Told of somebody who is not listed and says where a request came from: once for each address of the connection, up to eight of private
   * networks and eight others, so that strangers at a public port keep no proxy from being told of.
   */
  readonly onUnlistedProxy: (peer: string, isPrivate: boolean) => void;
}

const TOLD_OF_A_KIND = 8;
const isPrivate = proxyAddress.compile(["loopback", "linklocal", "uniquelocal", "100.64.0.0/10"]);

/**
 * `X-Forwarded-For` is believed as far as it was written by trusted proxies: from the right, up to the first address that is none of
 * theirs. Anybody else's is only a claim. `Forwarded` (RFC 7239) is not read.
 */
export function createClientAddressOf({ trustedProxies, onUnlistedProxy }: ClientAddressOptions): ClientAddressOf {
  const isListed = trustedProxies.length === 0 ? () => false : proxyAddress.compile([...trustedProxies]);
  const told = { private: new Set<string>(), public: new Set<string>() };

  function isTrusted(written: string | undefined, hop: number): boolean {
    const address = readAddress(written ?? "");
    return address !== null && isListed(address, hop);
  }

  function tellOnce(peer: string | null): void {
    if (peer === null) return;
    const ofPrivate = isPrivate(peer, 0);
    const known = told[ofPrivate ? "private" : "public"];
    if (known.has(peer) || known.size >= TOLD_OF_A_KIND) return;
    known.add(peer);
    onUnlistedProxy(peer, ofPrivate);
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
