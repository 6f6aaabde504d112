import jwt from "jsonwebtoken";
import { LRUCache } from "lru-cache";
import type { Anonymous } from "../../core/permissions.ts";
import { isDatabaseUnavailable } from "../../database/unavailable.ts";
import { type AccessTokenClaims, checkClaims, checkLifetime, readClaims } from "./access-token-claims.ts";
import { MAXIMUM_TOKEN_LENGTH, readHeader } from "./access-token-header.ts";
import type { AccessTokenOptions, AccessTokenParts, AccessTokens, Viewer } from "./access-tokens.ts";
import { customClaimsOf } from "./custom-claims.ts";
import type { SigningKey } from "./keys/signing-keys.ts";

/** The verified tokens in memory; an entry weighs its text and about a kilobyte of parsed claims. */
const CACHE_BYTES = 32 * 1024 * 1024;
const ENTRY_BYTES = 1024;

/** A token whose signature fits. */
interface Verified {
  readonly claims: AccessTokenClaims;
  readonly kid: string;
  readonly viewer: Viewer;
}

/** Checks the signature once per token and process; every further use costs a look into memory. */
export function createVerifier(
  parts: Pick<AccessTokenParts, "keys" | "revocations" | "clock">,
  options: Pick<AccessTokenOptions, "issuer" | "audience">,
): AccessTokens["verify"] {
  const { keys, revocations, clock } = parts;
  const cache = new LRUCache<string, Verified>({ maxSize: CACHE_BYTES, sizeCalculation: (_entry, token) => token.length + ENTRY_BYTES });

  /** What can change between two uses of a verified token: time, its key's standing, revocations. */
  async function judge(verified: Verified): Promise<Viewer | Anonymous> {
    const problem = checkLifetime(verified.claims, clock());
    if (problem !== undefined) return { reason: problem };
    if (keys.find(verified.kid) === undefined) return { reason: "unknown_key" };
    return (await revocations.isRevoked(verified.viewer)) ? { reason: "revoked" } : verified.viewer;
  }

  async function findKey(kid: string): Promise<SigningKey | undefined> {
    if (keys.find(kid) === undefined) await keys.refresh();
    return keys.find(kid);
  }

  async function check(token: string): Promise<Verified | Anonymous> {
    const header = readHeader(token);
    if ("reason" in header) return header;
    const key = await findKey(header.kid);
    if (key === undefined) return { reason: "unknown_key" };
    if (key.algorithm !== header.alg) return { reason: "wrong_algorithm" };
    const payload = verifySignature(token, key);
    if (payload === undefined) return { reason: "invalid_signature" };
    const claims = readClaims(payload);
    if (claims === undefined) return { reason: "malformed" };
    const problem = checkClaims(claims, options);
    return problem === undefined ? { claims, kid: key.kid, viewer: viewerOf(claims) } : { reason: problem };
  }

  async function verify(token: string): Promise<Viewer | Anonymous> {
    const known = cache.get(token);
    if (known !== undefined) return judge(known);
    const verified = await check(token);
    if ("reason" in verified) return verified;
    cache.set(token, verified);
    return judge(verified);
  }

  return async (token) => {
    if (token === undefined) return { reason: "missing" };
    if (token.length > MAXIMUM_TOKEN_LENGTH) return { reason: "too_large" };
    try {
      return await verify(token);
    } catch (error) {
      // The database could not be asked about a key or a revocation. A request that needs no viewer must not fail for it.
      if (!isDatabaseUnavailable(error)) throw error;
      return { reason: "unverifiable" };
    }
  };
}

/** The claims are judged by us, with reasons; the library checks the signature, by the one algorithm of the key. */
function verifySignature(token: string, key: SigningKey): unknown {
  try {
    return jwt.verify(token, key.verifyingKey, { algorithms: [key.algorithm], ignoreExpiration: true, ignoreNotBefore: true });
  } catch {
    return undefined;
  }
}

function viewerOf(claims: AccessTokenClaims): Viewer {
  return {
    issuer: claims.iss,
    subject: claims.sub,
    userId: claims.sub,
    sessionId: claims.sid,
    version: claims.ver,
    email: claims.email,
    custom: customClaimsOf(claims),
    expiresAt: new Date(claims.exp * 1000),
    roles: new Set(claims.roles),
    scopes: new Set(claims.scope.split(" ").filter((scope) => scope !== "")),
  };
}
