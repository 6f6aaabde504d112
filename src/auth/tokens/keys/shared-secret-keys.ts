import { createHash, createSecretKey } from "node:crypto";
import type { SignerKey } from "./signing-keys.ts";

/**
 * HS256 keys from shared secrets of at least 32 bytes (RFC 7518, section 3.2). The `kid` is a digest of the secret, so that
 * services that hold the same secrets find the right one; it reveals no more than any token signed by it.
 */
export function sharedSecretKey(secret: string): SignerKey {
  const key = createSecretKey(Buffer.from(secret, "utf8"));
  const kid = createHash("sha256").update("graphql-auth-gateway kid ").update(secret).digest("base64url").slice(0, 16);
  return { kid, algorithm: "HS256", verifyingKey: key, signingKey: key, publicJwk: undefined };
}
