import type { IncomingMessage } from "node:http";
import proxyAddress from "@fastify/proxy-addr";

/** Finds the address of a request that Fastify does not see as Fastify finds it for all others. */
export type ClientAddressOf = (request: IncomingMessage) => string | undefined;

export function createClientAddressOf(trustedProxies: readonly string[]): ClientAddressOf {
  if (trustedProxies.length === 0) return ({ socket }) => socket.remoteAddress;
  const isTrusted = proxyAddress.compile([...trustedProxies]);
  return (request) => proxyAddress(request, isTrusted);
}
