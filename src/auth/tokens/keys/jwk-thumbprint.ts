import { createHash, type JsonWebKey } from "node:crypto";

/** The members that RFC 7638 hashes, in the lexicographic order that it demands. */
const requiredMembers: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
  EC: ["crv", "kty", "x", "y"],
  RSA: ["e", "kty", "n"],
};

/** SHA-256 thumbprint of a public key (RFC 7638), base64url: the same key has the same `kid` everywhere. */
export function jwkThumbprint(jwk: JsonWebKey): string {
  const members = requiredMembers[jwk.kty ?? ""];
  if (members === undefined) throw new Error(`no thumbprint is defined here for key type ${jwk.kty}`);
  const canonical = JSON.stringify(Object.fromEntries(members.map((member) => [member, jwk[member]])));
  return createHash("sha256").update(canonical).digest("base64url");
}
