import type { FastifyInstance } from "fastify";
import { JWKS_CACHE_SECONDS, type SigningKeys } from "../auth/tokens/keys/signing-keys.ts";

/** RFC 7517: the public keys that verify our access tokens; empty with shared secrets. */
export function serveJwks(app: FastifyInstance, keys: SigningKeys): void {
  app.get("/.well-known/jwks.json", (_request, reply) =>
    reply
      .header("cache-control", `public, max-age=${JWKS_CACHE_SECONDS}`)
      .header("access-control-allow-origin", "*")
      .type("application/jwk-set+json")
      .send(JSON.stringify({ keys: keys.publicJwks() })),
  );
}
