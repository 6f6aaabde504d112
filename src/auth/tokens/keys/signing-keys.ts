import type { JsonWebKey, KeyObject } from "node:crypto";
import { StartupError } from "../../../core/errors.ts";

export type SigningAlgorithm = "ES256" | "RS256" | "HS256";

/** One key of the issuer. What verifies is pinned to `algorithm`: a token never chooses it (RFC 8725, section 3.1). */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly verifyingKey: KeyObject;
  /** Absent where this process may only verify. */
  readonly signingKey: KeyObject | undefined;
  /** As published in the JWKS; absent for shared secrets. */
  readonly publicJwk: JsonWebKey | undefined;
}

/** A key whose private half this process holds. */
export type SignerKey = SigningKey & { readonly signingKey: KeyObject };

export function canSign<Key extends SigningKey>(key: Key): key is Key & SignerKey {
  return key.signingKey !== undefined;
}

/** The keys of one issuer, whatever keeps them. All synchronous calls answer from memory. */
export interface SigningKeys {
  /** The key that signs now. */
  signer(): SignerKey;
  find(kid: string): SigningKey | undefined;
  /** RFC 7517, section 5: what other services verify with, the key that will sign next included. */
  publicJwks(): readonly JsonWebKey[];
  /** Looks again, at most once a second, because a token names a key that is not known (yet). */
  refresh(): Promise<void>;
  /** Reads what other processes changed and does what is due; to be called every `MAINTENANCE_SECONDS`. */
  maintain(): Promise<void>;
  /** Publishes a new key, which signs once caches of the JWKS have it. */
  rotate(): Promise<void>;
}

/** How long others may cache the JWKS, and so how long a key is published before it signs. */
export const JWKS_CACHE_SECONDS = 300;
/** Well below the cache lifetime, so that every process knows a key before it signs. */
export const MAINTENANCE_SECONDS = 30;

/** Keys that only their operator changes: a key file or shared secrets. The first one signs. */
export function createFixedKeys(keys: readonly [SignerKey, ...SignerKey[]]): SigningKeys {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    signer: () => keys[0],
    find: (kid) => keys.find((key) => key.kid === kid),
    publicJwks: () => keys.map((key) => key.publicJwk).filter((jwk) => jwk !== undefined),
    refresh: nothing,
    maintain: nothing,
    rotate: () => Promise.reject(new StartupError("JWT_SECRET and SIGNING_KEY_FILE are rotated in the configuration.")),
  };
}
